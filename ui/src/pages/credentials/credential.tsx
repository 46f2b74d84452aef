/** A credential, without its values: who has written which version, what names it, who was given it, and who has authorized it. */

import { Link } from "@tanstack/react-router";
import { type JSX, useState } from "react";
import { Problem } from "../../api/problem";
import { Button } from "../../parts/button";
import { Missing } from "../../parts/empty";
import { Pairs } from "../../parts/pairs";
import { Told } from "../../parts/told";
import { When } from "../../parts/when";
import { ConsentView } from "./consent";
import { type Credential, type Need, type Use, useAgain, useCredential, useUses } from "./data";
import listed from "../../parts/listed.module.css";
import css from "./page.module.css";
import { Remove } from "./remove";
import { Rotate } from "./rotate";
import { say } from "./words";

export function CredentialView({ name, onBack }: { name: string; onBack: () => void }): JSX.Element {
  const found = useCredential(name);
  const again = useAgain();
  const [doing, setDoing] = useState<"rotate" | "delete" | null>(null);
  const close = () => setDoing(null);
  const it = found.data;
  if (it === undefined) {
    const isMissing = found.error instanceof Problem && found.error.status === 404;
    if (isMissing) return <Missing title={say("missingTitle", { name })} says={say("missingSays")} back={say("back")} onBack={onBack} />;
    return <div className={listed["view"]}>{found.error !== null && <Told error={found.error} onRetry={() => void found.refetch()} />}</div>;
  }
  return (
    <article className={listed["view"]} aria-label={name}>
      <Button className={listed["back"]} icon="left" onClick={onBack}>
        {say("back")}
      </Button>
      <h2 className={listed["title"]} translate="no">
        {name}
      </h2>
      {it.is_own ? (
        <p className="soft">{say("own")}</p>
      ) : (
        <div className={listed["does"]}>
          <Button onClick={() => setDoing("rotate")}>{say("rotateDots")}</Button>
          <Button onClick={() => setDoing("delete")}>{say("deleteDots")}</Button>
        </div>
      )}
      {it.missing !== null && <p className={css["wrong"]}>{say("missingKey", { why: it.missing })}</p>}
      {it.consent !== null && <ConsentView name={name} consent={it.consent} />}
      <Facts of={it} />
      <Needs of={it.needed_by ?? []} />
      <Versions of={it} />
      <Uses name={name} />
      {doing === "rotate" && <Rotate of={it} onDone={again} onClose={close} />}
      {doing === "delete" && (
        <Remove
          of={it}
          onClose={close}
          onDone={() => {
            onBack();
            void again("list");
          }}
        />
      )}
    </article>
  );
}

function Facts({ of: { kind, summary, workflows, master_key } }: { of: Credential }): JSX.Element {
  const may = workflows.map((workflow) => (
    <li key={workflow}>
      <Link to="/workflows/$name" params={{ name: workflow }}>
        {workflow}
      </Link>
    </li>
  ));
  return (
    <section>
      <h3>{say("facts")}</h3>
      <Pairs
        of={[
          [say("kind"), <code key="k">{kind}</code>],
          [say("summary"), summary || null],
          [say("allowed"), may.length === 0 ? say("allWorkflows") : <ul key="w">{may}</ul>],
          [say("masterKey"), <code key="m">{master_key}</code>],
        ]}
      />
    </section>
  );
}

export function Needs({ of }: { of: readonly Need[] }): JSX.Element {
  return (
    <section>
      <h3>{say("namedBy")}</h3>
      {of.length === 0 ? (
        <p className="soft">{say("nothingNames")}</p>
      ) : (
        <ul className={css["lines"]}>
          {of.map((need) => (
            <li key={`${need.kind} ${need.name} ${need.path}`}>
              <Named need={need} /> {need.version !== null && <span className="soft">{say("atVersion", { version: need.version })}</span>} <code>{need.path}</code>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Named({ need: { kind, name } }: { need: Need }): JSX.Element {
  if (kind === "workflow") {
    return (
      <Link to="/workflows/$name" params={{ name }}>
        {name}
      </Link>
    );
  }
  const [resource, ...rest] = name.split("/");
  if (resource !== "triggers") return <span>{name}</span>;
  return (
    <Link to="/triggers" search={{ trigger: rest.join("/") }}>
      {name}
    </Link>
  );
}

function Versions({ of: { versions } }: { of: Credential }): JSX.Element {
  return (
    <section>
      <h3>{say("versions")}</h3>
      <ol className={css["lines"]}>
        {[...versions].reverse().map((one) => (
          <li key={one.version}>
            <strong>{one.version}</strong> <When at={one.written_at} /> {one.written_by}{" "}
            <span className="soft">{one.valid_until === null ? say("newest") : <>{say("validUntil")} <When at={one.valid_until} /></>}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Uses({ name }: { name: string }): JSX.Element {
  const found = useUses(name);
  return (
    <section>
      <h3>{say("uses")}</h3>
      {found.error !== null && <Told error={found.error} onRetry={() => void found.refetch()} />}
      {found.data?.length === 0 && <p className="soft">{say("neverUsed")}</p>}
      {found.data !== undefined && found.data.length > 0 && (
        <ul className={css["lines"]}>
          {found.data.map((one, at) => (
            <li key={at}>
              <OneUse use={one} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function OneUse({ use: { at, version, execution_id, path, attempt, workflow, purpose } }: { use: Use }): JSX.Element {
  return (
    <>
      <When at={at} /> {workflow ?? (execution_id === null ? (purpose ?? say("engine")) : null)}{" "}
      {execution_id !== null && (
        <Link to="/executions/$id" params={{ id: execution_id }} search={path === null ? {} : { node: path }}>
          {execution_id}
        </Link>
      )}{" "}
      {path !== null && <code>{path}</code>} <span className="soft">{[attempt !== null && say("attempt", { n: attempt }), say("useVersion", { version })].filter(Boolean).join(", ")}</span>
    </>
  );
}
