/** An action of a connector: what it takes and gives, how it shows who asks, and the node that runs it. */

import { Link } from "@tanstack/react-router";
import { Fragment, type JSX } from "react";
import type { Json } from "../../api/exact";
import { Command } from "../../parts/command";
import { Pairs } from "../../parts/pairs";
import { Value } from "../../parts/value";
import css from "./page.module.css";
import { type Action, type Connector, type Input, inputsOf, kindOf, kindsOf, nodeOf } from "./said";
import { say } from "./words";

const LINES_MAX = 24;

export function ActionView({ connector, name, action }: { connector: Connector; name: string; action: Action }): JSX.Element {
  const inputs = inputsOf(action);
  return (
    <section className={css["action"]} aria-label={name}>
      <h3 translate="no">{name}</h3>
      <p>
        <code>
          {action.method} {action.path}
        </code>
      </p>
      {(action.description || action.summary) && <p className={css["told"]}>{action.description || action.summary}</p>}
      <h4>{say("asNode")}</h4>
      <p className="soft">{say("asNodeSays")}</p>
      <Command line={nodeOf(connector, name, action)} />
      <h4>{say("takes")}</h4>
      {inputs.length === 0 ? <p className="soft">{say("takesNothing")}</p> : <Inputs of={inputs} />}
      <h4>{say("gives")}</h4>
      {action.output === undefined || action.output === null ? <p className="soft">{say("givesUnknown")}</p> : <Value says={say("gives")} value={action.output as Json} linesMax={LINES_MAX} />}
      <Needs connector={connector} action={action} />
      {action.paging && <p>{say("pagesBy", { by: action.paging.by })}</p>}
      <Pairs
        of={[
          [say("bodyAs"), action.body && <code key="body">{action.body.media_type}</code>],
          [say("failsBy"), action.expect && <code key="expect">{action.expect.map(String).join(", ")}</code>],
          [say("retriedAfter"), <code key="retry">{(action.retry_on ?? connector.retry_on ?? []).map(String).join(", ")}</code>],
        ]}
      />
    </section>
  );
}

function Inputs({ of }: { of: readonly Input[] }): JSX.Element {
  return (
    <table className={css["plain"]}>
      <thead>
        <tr>
          <th>{say("input")}</th>
          <th>{say("type")}</th>
          <th>{say("summary")}</th>
        </tr>
      </thead>
      <tbody>
        {of.map(({ name, type, isRequired, description }) => (
          <tr key={name}>
            <td>
              <code>{name}</code> {isRequired && <span className="soft">{say("required")}</span>}
            </td>
            <td>
              <code>{type}</code>
            </td>
            <td>{description}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** One of several ways, each of one or several schemes at once. */
function Needs({ connector, action }: { connector: Connector; action: Action }): JSX.Element {
  const ways = kindsOf(connector, action);
  if (ways.length === 0 || ways.some((way) => way.length === 0)) return <p className="soft">{say("needsNothing")}</p>;
  return (
    <p>
      {say("needs")}{" "}
      {ways.map((way, at) => (
        <Fragment key={way.join()}>
          {at > 0 && ` ${say("orElse")} `}
          {way.map((scheme, place) => {
            const known = connector.auth?.[scheme];
            return (
              <Fragment key={scheme}>
                {place > 0 && ` ${say("together")} `}
                <code>{scheme}</code>
                {known && ` (${say("credentialOf", { kind: kindOf(known) })})`}
              </Fragment>
            );
          })}
        </Fragment>
      ))}
      . <Link to="/credentials">{say("toCredentials")}</Link>
    </p>
  );
}
