/** What a version of a prompt says: its texts as they were written, what it is given, and how models are asked. */

import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import { type Json, write } from "../../api/exact";
import { Pairs } from "../../parts/pairs";
import { Value } from "../../parts/value";
import type { Shown } from "./data";
import css from "./page.module.css";
import { say } from "./words";

const LINES_MAX = 24;
const APART = new Set(["name", "description", "system", "prompt", "messages", "inputs", "schema"]);

export function Texts({ of: { prompt, used_by, hash } }: { of: Shown }): JSX.Element {
  const said = prompt as Readonly<Record<string, Json>>;
  const messages = (said["messages"] ?? []) as readonly { readonly role: "system" | "user" | "assistant"; readonly content: string }[];
  const others = Object.entries(said).filter(([field]) => !APART.has(field));
  return (
    <div className={css["texts"]}>
      {typeof said["system"] === "string" && <Text says={say("system")} text={said["system"]} />}
      {typeof said["prompt"] === "string" && <Text says={say("user")} text={said["prompt"]} />}
      {messages.map(({ role, content }, at) => (
        <Text key={at} says={say(`role_${role}`)} text={content} />
      ))}
      {said["inputs"] !== undefined && <Given says={say("inputs")} value={said["inputs"]} />}
      {said["schema"] !== undefined && said["schema"] !== null && <Given says={say("schema")} value={said["schema"]} />}
      <section>
        <h3>{say("others")}</h3>
        <Pairs of={[...others.map(([field, value]): [string, JSX.Element] => [field, <code key={field}>{typeof value === "string" ? value : write(value)}</code>]), [say("hash"), <code key="hash">{hash}</code>]]} />
      </section>
      <section>
        <h3>{say("usedBy")}</h3>
        {used_by.length === 0 ? (
          <p className="soft">{say("nobody")}</p>
        ) : (
          <ul>
            {used_by.map(({ workflow, version, prompt_version }) => (
              <li key={`${workflow} ${prompt_version}`}>
                <Link to="/workflows/$name" params={{ name: workflow }}>
                  {workflow}
                </Link>{" "}
                <span className="soft">{say("pins", { version, prompt: prompt_version })}</span>
              </li>
            ))}
          </ul>
        )}
      </section>
    </div>
  );
}

function Text({ says, text }: { says: string; text: string }): JSX.Element {
  return (
    <section>
      <h3>{says}</h3>
      <pre className={css["text"]} role="group" tabIndex={0} aria-label={says} translate="no">
        {text}
      </pre>
    </section>
  );
}

function Given({ says, value }: { says: string; value: Json }): JSX.Element {
  return (
    <section>
      <h3>{says}</h3>
      <Value says={says} value={value} linesMax={LINES_MAX} />
    </section>
  );
}
