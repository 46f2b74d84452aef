/** The graph of a definition by itself: nothing in it has a state. */

import { type JSX, useMemo } from "react";
import { Canvas } from "./canvas";
import css from "./canvas.module.css";
import type { Room } from "./outline";
import { useLayout } from "./use-layout";
import { View } from "./view";

interface DefinitionGraphProps {
  readonly says: string;
  /** Which definition it is: its hash. */
  readonly of: string;
  readonly outline: Room;
  readonly chosen: string | null;
  readonly onChoose: (path: string | null) => void;
  readonly closed: ReadonlySet<string>;
  readonly onFold: (path: string) => void;
}

export function DefinitionGraph({ says, of, outline, chosen, onChoose, closed, onFold }: DefinitionGraphProps): JSX.Element {
  const layout = useLayout(of, outline, closed);
  const view = useMemo(() => new View(false), []);
  if (layout === null) return <div className={css["graph"]} />;
  return <Canvas says={says} outline={outline} layout={layout} view={view} chosen={chosen} onChoose={onChoose} closed={closed} onFold={onFold} />;
}
