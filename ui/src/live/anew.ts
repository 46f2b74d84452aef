/** What is asked anew under another key with every change: until the answer is there the one before is shown, and none is kept that nobody looks at. */

import { keepPreviousData } from "@tanstack/react-query";

export const ANEW = { placeholderData: keepPreviousData, gcTime: 0 } as const;
