/** One template: its graph, and the form that makes a draft of it. */

import { useNavigate } from "@tanstack/react-router";
import { type JSX, useMemo, useState } from "react";
import { api, ask } from "../../api/client";
import type { Json } from "../../api/exact";
import { freshKey } from "../../api/fresh";
import { isBroken, parseText } from "../../edit/parse";
import type { Typed } from "../../form/fields";
import { Form, valueIn } from "../../form/form";
import { DefinitionGraph } from "../../graph/definition-graph";
import { folded } from "../../graph/fold";
import { Button } from "../../parts/button";
import { Told } from "../../parts/told";
import { filled, NAME, schemaOf, type Template } from "./filled";
import css from "./page.module.css";
import type { TemplatesSearch } from "./route";
import { say } from "./words";

interface ShownProps {
  readonly template: Template;
  readonly search: TemplatesSearch;
  readonly onShow: (changed: TemplatesSearch) => void;
}

export function Shown({ template, search, onShow }: ShownProps): JSX.Element {
  const parsed = useMemo(() => parseText(template.text), [template.text]);
  const closed = useMemo(() => new Set(search.closed), [search.closed]);
  return (
    <div className={css["shown"]}>
      <div className={css["graph"]}>
        {isBroken(parsed) ? (
          <p className={css["note"]}>{say("notDrawn", { why: parsed.message })}</p>
        ) : (
          <DefinitionGraph
            says={say("graphOf", { title: template.title })}
            of={template.text}
            outline={parsed.outline}
            chosen={search.node ?? null}
            onChoose={(node) => onShow({ node: node ?? undefined })}
            closed={closed}
            onFold={(path) => onShow({ closed: folded(closed, path) })}
          />
        )}
      </div>
      <Fill template={template} />
    </div>
  );
}

/** As the server has it. */
const NAME_LIKE = /^[a-z][a-z0-9_-]{0,62}$/;

function Fill({ template }: { template: Template }): JSX.Element {
  const schema = useMemo(() => schemaOf(template, say("name")), [template]);
  const [typed, setTyped] = useState<Typed>({});
  const [problems, setProblems] = useState<Readonly<Record<string, string>>>({});
  const [error, setError] = useState<Error | null>(null);
  const [isAtWork, setAtWork] = useState(false);
  const [draft] = useState(() => `new-${freshKey().slice(0, 12)}`); // pressed twice it is one
  const navigate = useNavigate();
  const begin = async () => {
    const made = valueIn(schema, typed);
    const values = made.value as { readonly [name: string]: Json };
    const wrong = NAME_LIKE.test(String(values[NAME] ?? "")) ? made.problems : { [NAME]: say("nameWrong"), ...made.problems };
    setProblems(wrong);
    if (Object.keys(wrong).length > 0 || isAtWork) return;
    setAtWork(true);
    setError(null);
    try {
      const body = { text: filled(template, values), syntax: template.syntax, workflow: null, base_version: null };
      await ask(api.PUT("/v1/drafts/{name}", { params: { path: { name: draft }, query: { revision: 0 } }, body }));
      void navigate({ to: "/workflows/new", search: { draft } });
    } catch (refused) {
      setError(refused as Error);
      setAtWork(false);
    }
  };
  return (
    <form
      className={css["fill"]}
      aria-label={say("fill")}
      onSubmit={(event) => {
        event.preventDefault();
        void begin();
      }}
    >
      <h2>{template.title}</h2>
      {template.description !== "" && <p>{template.description}</p>}
      <Form schema={schema} typed={typed} onType={setTyped} problems={problems} />
      {template.holes.length === 0 && <p className="soft">{say("noHoles")}</p>}
      {error && <Told error={error} />}
      <div className={css["buttons"]}>
        <span className="soft">{say("beginSays")}</span>
        <Button look="main" type="submit" aria-disabled={isAtWork}>
          {say("begin")}
        </Button>
      </div>
    </form>
  );
}
