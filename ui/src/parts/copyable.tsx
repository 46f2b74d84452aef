/** An id or a path as it is written, to be copied by a click. */

import { type JSX, useState } from "react";
import { say } from "../words/en";
import { copy } from "./copy";
import css from "./copyable.module.css";

export function Copyable({ text }: { text: string }): JSX.Element {
  const [isCopied, setCopied] = useState(false);
  const copyIt = async () => {
    await copy(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <button type="button" className={css["copyable"]} title={say("copy")} onClick={() => void copyIt()}>
      <code translate="no">{text}</code>
      <span role="status" className={isCopied ? css["said"] : "only-heard"}>
        {isCopied ? say("copied") : ""}
      </span>
    </button>
  );
}
