/** An expression as it was asked: its parts below each other, each with what it was worth. */

import type { JSX } from "react";
import type { Schemas } from "../../api/client";
import { write, type Json } from "../../api/exact";
import css from "./asked.module.css";
import { say } from "./words";

export type Question = Schemas["WhyQuestion"];
type Part = Schemas["WhyPart"];
type Worth = Schemas["WhyValue"];

const CHARS_MAX = 200;

export function Asked({ of }: { of: Question }): JSX.Element {
  return (
    <div className={css["asked"]}>
      <p className="soft">{say("askedAt", { place: of.place })}</p>
      <ul className={css["parts"]} aria-label={say("askedAt", { place: of.place })}>
        <One of={of.expression} />
      </ul>
    </div>
  );
}

function One({ of }: { of: Part }): JSX.Element {
  return (
    <li>
      <p className={css["part"]}>
        <code className={css["text"]}>{short(of.text)}</code>
        <Worths of={of} />
      </p>
      {of.parts.length > 0 && (
        <ul className={css["parts"]}>
          {of.parts.map((one, at) => (
            <One key={at} of={one} />
          ))}
        </ul>
      )}
    </li>
  );
}

function Worths({ of: { values, fault } }: { of: Part }): JSX.Element {
  if (fault !== null && fault !== undefined) return <span className={css["fault"]}>{say("partFails", { fault })}</span>;
  if (values.length === 0) return <span className="soft">{say("notAsked")}</span>;
  return (
    <span className={css["worths"]}>
      {values.map((one, at) => (
        <code key={at} className={css["worth"]}>
          {worth(one)}
        </code>
      ))}
    </span>
  );
}

function worth({ value, bytes, beginning }: Worth): string {
  return beginning === null || beginning === undefined ? short(write(value as Json)) : say("bytesOf", { bytes, beginning: short(beginning) });
}

function short(text: string): string {
  return text.length <= CHARS_MAX ? text : `${text.slice(0, CHARS_MAX - 1)}…`;
}
