/** What can be done on the canvas, as buttons. */

import type { JSX } from "react";
import { Button, IconButton } from "../../parts/button";
import { Menu } from "../../parts/menu";
import { say } from "./canvas-words";
import css from "./stage.module.css";
import type { Hand } from "./use-hand";

export function CanvasTools({ hand, isHead }: { hand: Hand; isHead: boolean }): JSX.Element {
  const { actions } = hand;
  return (
    <div className={css["bar"]} role="group" aria-label={say("tools")}>
      <Button icon="plus" onClick={hand.add} aria-expanded={hand.library !== null}>
        {say("add")}
      </Button>
      <IconButton icon="undo" says={say("undo")} onClick={hand.undo} />
      <IconButton icon="redo" says={say("redo")} onClick={hand.redo} />
      <IconButton icon="tidy" says={say("tidy")} onClick={hand.tidy} />
      <span className={css["rest"]} />
      <Button look="bare" icon="settings" onClick={hand.head} aria-pressed={isHead} aria-label={say("head")}>
        <span className={css["word"]}>{say("head")}</span>
      </Button>
      <Menu says={say("node")} icon="more" items={actions} />
    </div>
  );
}
