/** A part that is loaded by itself: shown at once where it is there already, so that the next key goes into it. */

import { type ComponentType, type JSX, lazy, Suspense, useState } from "react";

export interface Apart<P> {
  (props: P): JSX.Element;
  /** Has it loaded before it is needed; that it cannot be is said when it is. */
  readonly prepare: () => void;
}

export function apart<P extends object>(load: () => Promise<ComponentType<P>>): Apart<P> {
  let loaded: ComponentType<P> | null = null;
  let loading: Promise<ComponentType<P>> | null = null;
  const begin = () => {
    loading ??= load().then((part) => (loaded = part));
    loading.catch(() => (loading = null)); // the next one tries again
    return loading;
  };
  const Later = lazy(async () => ({ default: (await begin()) as ComponentType<object> }));
  function Shown(props: P): JSX.Element {
    const [Part] = useState(() => loaded);
    if (Part !== null) return <Part {...props} />;
    return (
      <Suspense fallback={null}>
        <Later {...props} />
      </Suspense>
    );
  }
  return Object.assign(Shown, { prepare: () => void begin() });
}
