/** The views: those that everybody has, and those that were saved; what is shown now is kept under a name, or written over one. */

import { Link } from "@tanstack/react-router";
import { type JSX, useRef, useState } from "react";
import { Button } from "../../parts/button";
import { Confirm } from "../../parts/confirm";
import { TextField } from "../../parts/field";
import { useOneStop } from "../../parts/one-stop";
import { toast } from "../../parts/toast";
import { isAs, useViewActions, useViews, type View } from "../../views/data";
import { say } from "../../views/words";
import css from "./page.module.css";
import { type ExecutionsSearch, wholeFilter } from "./route";

/** A link to what is shown just so is the current one. */
const EXACT = { exact: true, includeSearch: true } as const;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

interface ViewStripProps {
  readonly search: ExecutionsSearch;
  readonly onShow: (changed: ExecutionsSearch) => void;
}

export function ViewStrip({ search, onShow }: ViewStripProps): JSX.Element {
  const { views } = useViews();
  const strip = useRef<HTMLElement>(null);
  const pressed = useOneStop(strip, "[data-shown=true]");
  const [isSaving, setSaving] = useState(false);
  const [isRemoving, setRemoving] = useState(false);
  const now = { filter: wholeFilter(search) || undefined, columns: search.columns, sort: search.sort };
  const shown = views.find(({ id }) => id === search.view);
  const isChanged = shown === undefined ? !isAs({}, now) : !isAs(shown, now);
  const revision = shown?.revision ?? null;
  return (
    <nav ref={strip} className={css["views"]} aria-label={say("title")} onKeyDown={pressed}>
      <Link to="/executions" search={{}} className={css["view"]} data-shown={search.view === undefined && !isChanged} activeOptions={EXACT}>
        {say("all")}
      </Link>
      {views.map((view) => (
        <Link
          key={view.id}
          to="/executions"
          search={{ view: view.id, filter: view.filter, columns: view.columns, sort: view.sort }}
          className={css["view"]}
          title={view.summary ?? undefined}
          data-shown={view.id === search.view}
          activeOptions={EXACT}
        >
          {view.says}
          {view.id === search.view && isChanged && <span className="soft"> {say("changed")}</span>}
        </Link>
      ))}
      {isChanged && (
        <Button look="bare" onClick={() => setSaving(true)}>
          {say("save")}
        </Button>
      )}
      {revision !== null && (
        <Button look="bare" onClick={() => setRemoving(true)}>
          {say("remove")}
        </Button>
      )}
      {isSaving && <SaveDialog views={views} shown={shown} now={now} onSaved={(view) => onShow({ ...now, status: undefined, workflow: undefined, view })} onClose={() => setSaving(false)} />}
      {isRemoving && shown !== undefined && revision !== null && (
        <RemoveDialog name={shown.id} revision={revision} onRemoved={() => onShow({ view: undefined })} onClose={() => setRemoving(false)} />
      )}
    </nav>
  );
}

interface SaveProps {
  readonly views: readonly View[];
  readonly shown: View | undefined;
  readonly now: Pick<View, "filter" | "columns" | "sort">;
  readonly onSaved: (name: string) => void;
  readonly onClose: () => void;
}

function SaveDialog({ views, shown, now, onSaved, onClose }: SaveProps): JSX.Element {
  const { save } = useViewActions();
  const isOwn = shown !== undefined && shown.revision === null;
  const [name, setName] = useState(shown === undefined || isOwn ? "" : shown.id);
  const [summary, setSummary] = useState(isOwn ? "" : (shown?.summary ?? ""));
  const before = views.find(({ id, revision }) => id === name && revision !== null);
  const isName = NAME.test(name);
  const go = async () => {
    const columns = now.columns?.filter((one) => one !== "detail"); // which is no column of its own
    await save({ name, summary: summary.trim(), revision: before?.revision ?? 0, filter: now.filter, columns, sort: now.sort });
    toast({ says: say("saved", { name }) });
    onSaved(name);
  };
  return (
    <Confirm title={say("saveTitle")} does={say("saveDo")} not={isName ? undefined : ""} onDo={go} onClose={onClose}>
      <p>{say("saveSays")}</p>
      <TextField label={say("name")} mono value={name} problem={name === "" || isName ? undefined : say("nameWrong")} onChange={(event) => setName(event.target.value)} />
      <TextField label={say("summary")} value={summary} maxLength={500} onChange={(event) => setSummary(event.target.value)} />
      {before !== undefined && <p>{say("saveOver")}</p>}
    </Confirm>
  );
}

interface RemoveProps {
  readonly name: string;
  readonly revision: number;
  readonly onRemoved: () => void;
  readonly onClose: () => void;
}

function RemoveDialog({ name, revision, onRemoved, onClose }: RemoveProps): JSX.Element {
  const { remove } = useViewActions();
  const go = async () => {
    await remove(name, revision);
    toast({ says: say("removed", { name }) });
    onRemoved();
  };
  return (
    <Confirm title={say("removeTitle", { name })} does={say("removeDo")} onDo={go} onClose={onClose}>
      <p>{say("removeSays")}</p>
    </Confirm>
  );
}
