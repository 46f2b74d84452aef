/** A command to copy: shown as it is typed. */

import type { JSX } from "react";
import { useState } from "react";
import { say } from "../words/en";
import { Button } from "./button";
import { copy } from "./copy";
import css from "./command.module.css";

export function Command({ line }: { line: string }): JSX.Element {
  const [isCopied, setCopied] = useState(false);
  const copyIt = async () => {
    await copy(line);
    setCopied(true);
  };
  return (
    <div className={css["command"]}>
      <pre tabIndex={0}>{line}</pre>
      <Button icon={isCopied ? "check" : "copy"} onClick={() => void copyIt()}>
        {isCopied ? say("copied") : say("copy")}
      </Button>
    </div>
  );
}
