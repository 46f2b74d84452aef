/** The inbox: what people are asked, and one task beside it. */

import { useNavigate } from "@tanstack/react-router";
import type { JSX } from "react";
import { Head } from "../../frame/head";
import { useSettings } from "../../look/settings";
import { Button } from "../../parts/button";
import { ChoicePage } from "../../parts/choice";
import { Empty } from "../../parts/empty";
import { Guard } from "../../parts/guard";
import { useNarrow } from "../../parts/narrow";
import { Split } from "../../parts/split";
import { type Column, Table } from "../../parts/table";
import { Told } from "../../parts/told";
import { When } from "../../parts/when";
import { type TaskRow, type Tasks, useTasks } from "./data";
import css from "./page.module.css";
import { inbox, type InboxSearch, task, WHICH } from "./route";
import { TaskView } from "./task";
import { say } from "./words";

export function InboxPage(): JSX.Element {
  const search = inbox.useSearch();
  return <Inbox search={search} chosen={null} />;
}

export function TaskPage(): JSX.Element {
  const search = task.useSearch();
  const { task: id } = task.useParams();
  return <Inbox search={search} chosen={id} />;
}

function Inbox({ search, chosen }: { search: InboxSearch; chosen: string | null }): JSX.Element {
  const navigate = useNavigate();
  const { person } = useSettings();
  const isNarrow = useNarrow();
  const tasks = useTasks(search);
  const show = (changed: InboxSearch) => void navigate({ to: "/inbox", search: { ...search, ...changed } });
  const open = (row: TaskRow) => void navigate({ to: "/inbox/$task", params: { task: row.task_id }, search });
  const list = (
    <ChoicePage label={say("which")} options={WHICH.map((value) => ({ value, says: say(value) }))} chosen={search.which ?? "mine"} onChoose={(which) => show({ which: which === "mine" ? undefined : which })}>
      <Found tasks={tasks} search={search} onOpen={open} onAll={() => show({ which: "all" })} />
    </ChoicePage>
  );
  const view = chosen !== null && (
    <Guard of={chosen}>
      <TaskView key={chosen} id={chosen} rows={tasks.rows} onBack={() => void navigate({ to: "/inbox", search })} />
    </Guard>
  );
  return (
    <>
      <Head title={say("title")} says={<span>{person === "" ? say("nobody") : say("you", { person })}</span>} />
      {chosen === null ? (
        list
      ) : isNarrow ? (
        view
      ) : (
        <Split name="inbox" says={say("title")} second="right" size={620} least={320}>
          {list}
          {view}
        </Split>
      )}
    </>
  );
}

interface FoundProps {
  readonly tasks: Tasks;
  readonly search: InboxSearch;
  readonly onOpen: (row: TaskRow) => void;
  readonly onAll: () => void;
}

function Found({ tasks: { rows, problem }, search, onOpen, onAll }: FoundProps): JSX.Element | null {
  useSettings();
  if (problem !== null) return <Told error={problem} />;
  if (rows === null) return null;
  if (rows.length > 0) return <Table says={say("title")} columns={columns()} rows={rows} keyOf={(row) => row.task_id} onOpen={onOpen} />;
  if ((search.which ?? "mine") === "all") return <Empty title={say("emptyTitle")} says={say("emptySays")} />;
  return (
    <Empty title={say("emptyMine")} says={say("emptyMineSays")}>
      <Button onClick={onAll}>{say("showAll")}</Button>
    </Empty>
  );
}

function columns(): readonly Column<TaskRow>[] {
  return [
    { id: "question", says: say("question"), width: "minmax(160px, 3fr)", narrow: "minmax(0, 1fr)", cell: (row) => <span className={css["question"]}>{row.question}</span> },
    { id: "workflow", says: say("workflow"), width: "minmax(0, 1fr)", cell: (row) => <span className="soft">{row.workflow}</span> },
    { id: "people", says: say("people"), width: "minmax(0, 1.2fr)", cell: (row) => <span className="soft">{row.claimed_by ?? (row.assignees.join(", ") || say("anybody"))}</span> },
    { id: "due", says: say("due"), width: "140px", narrow: "112px", isEnd: true, cell: (row) => (row.ended_at ? <When at={row.ended_at} /> : row.due ? <When at={row.due} /> : row.created_at && <When at={row.created_at} />) },
  ];
}
