/** What is asked anew under another key with every change: until the answer is there the one before is shown, and none is kept that nobody looks at. */

import { keepPreviousData } from "@tanstack/react-query";

/** For what asks the same question always. */
export const ANEW = { placeholderData: keepPreviousData, gcTime: 0 } as const;

/** For a question that may be another one: only an answer to the same question, of before what `stamp` tells of, is shown meanwhile. */
export function anew(question: readonly unknown[], stamp: unknown) {
  const said = JSON.stringify(question);
  return {
    queryKey: [...question, stamp],
    gcTime: 0,
    placeholderData: <Data>(before: Data | undefined, query: { readonly queryKey: readonly unknown[] } | undefined): Data | undefined =>
      query !== undefined && JSON.stringify(query.queryKey.slice(0, -1)) === said ? before : undefined,
  };
}
