/** A draft at work: its text, its graph, what is wrong with it, and what can be done. */

import { useNavigate } from "@tanstack/react-router";
import { type JSX, lazy, Suspense, useMemo, useRef, useState } from "react";
import type { Assist } from "../../edit/complete/assist";
import { fixOf } from "../../edit/complete/fix";
import { type Placed, placed } from "../../edit/place";
import type { SaverState } from "../../edit/saver";
import { type EditorHandle, type Mark, TextEditor } from "../../edit/text-editor";
import { useParsed } from "../../edit/use-parsed";
import { useValidity } from "../../edit/use-validity";
import { useOffered } from "../../frame/commands";
import { Head } from "../../frame/head";
import { View } from "../../graph/view";
import { Button } from "../../parts/button";
import { Guard } from "../../parts/guard";
import { Menu } from "../../parts/menu";
import { Split } from "../../parts/split";
import type { Begun } from "./drafts";
import { Drawn } from "./drawn";
import { useCaret, usePorts, wrongIn } from "./follow";
import { type EdgeHand, FormPanel } from "./form-panel";
import css from "./page.module.css";
import { Problems } from "./problems";
import type { BuilderSearch } from "./route";
import { useSaver } from "./use-saver";
import { say } from "./words";

const Conflict = lazy(async () => ({ default: (await import("./conflict")).Conflict }));
const DiscardDialog = lazy(async () => ({ default: (await import("./discard")).DiscardDialog }));
const TestPanel = lazy(async () => ({ default: (await import("./test/panel")).TestPanel }));
const PublishDialog = lazy(async () => ({ default: (await import("./publish")).PublishDialog }));

interface WorkbenchProps {
  readonly draft: string;
  readonly workflow: string | null;
  readonly begun: Begun;
  readonly search: BuilderSearch;
  readonly onShow: (changed: BuilderSearch) => void;
}

export function Workbench({ draft, workflow, begun, search, onShow: onSearch }: WorkbenchProps): JSX.Element {
  const [first] = useState(() => begun.here[0]?.text ?? begun.text);
  const [text, setText] = useState(first);
  const [doing, setDoing] = useState<"publish" | "discard" | null>(null);
  const { saver, state } = useSaver(draft, workflow, begun, (kept) => editor.current?.replace(kept));
  const editor = useRef<EditorHandle>(null);
  const edgeHand = useRef<EdgeHand>(null);
  const [edgeAsked, setEdgeAsked] = useState(0);
  const parsed = useParsed(text);
  const { good, broken } = parsed;
  const [assist] = useState<Assist>(() => ({ current: null }));
  const caret = useCaret(editor, good, broken !== null, search.node, onSearch);
  const onShow = (changed: BuilderSearch) => {
    if ("node" in changed || "edge" in changed) caret.forget();
    onSearch(changed);
  };
  const judged = useValidity(text, begun.syntax);
  const problems = useMemo(() => (judged.validity === null ? null : placed(text, good?.outline ?? null, good?.spans ?? new Map(), judged.validity.problems, judged.validity.warnings)), [text, good, judged.validity]);
  const marks = useMarks(text, problems);
  const wrong = useMemo(() => wrongIn(problems, good), [problems, good]);
  const ports = usePorts(judged.validity, good);
  const navigate = useNavigate();
  const name = good?.name || workflow || draft;
  const [view] = useState(() => new View(false));
  const isTesting = search.test !== undefined;
  const test = () => onShow({ test: isTesting ? undefined : "open" });
  useOffered([
    { id: "test", says: say("testRun"), keys: "r", group: name, run: test },
    { id: "discard", says: say("discard"), group: name, run: () => setDoing("discard") },
  ]);
  const change = (next: string) => {
    setText(next);
    saver.typed(next);
  };
  const choose = (path: string | null) => {
    onShow({ node: path ?? undefined, edge: undefined, form: undefined });
    if (path !== null) caret.goTo(path);
  };
  const settle = (merged: string) => {
    saver.settle(merged);
    editor.current?.replace(merged); // which can be undone like what is typed
  };
  const leave = (to: string | null) => {
    saver.end();
    if (to === null) void navigate({ to: "/workflows" });
    else void navigate({ to: "/workflows/$name", params: { name: to } });
  };
  return (
    <div className={css["page"]}>
      <Head title={workflow === null ? say("titleNew") : say("titleEdit", { name: workflow })} says={<Says state={state} isTouched={text !== begun.text || saver.revision > 0} />}>
        <Menu says={say("discard")} icon="more" items={[{ id: "discard", says: say("discard"), run: () => setDoing("discard") }]} />
        <Button icon="play" aria-expanded={isTesting} onClick={test}>
          {say("test")}
        </Button>
        <Button look="main" onClick={() => setDoing("publish")}>
          {say("publish")}
        </Button>
      </Head>
      {state.is === "conflict" && <Suspense fallback={null}><Conflict draft={draft} mine={text} conflict={state} onSettle={settle} /></Suspense>}
      <Split name="builder.right" says={say("border")} second="right" size={Math.round(window.innerWidth / 2)} least={200}>
        <>
          <Guard of="text">
            <TextEditor ref={editor} says={say("text")} text={first} marks={marks} assist={assist} onText={change} onCursor={caret.moved} />
          </Guard>
          <Problems problems={problems} error={judged.error} onGo={(one) => { editor.current?.goTo(one); editor.current?.focus(); }} />
        </>
        <>
          <Guard of="graph">
            <Drawn view={view} editor={editor} ports={ports} parsed={good} broken={broken} wrong={wrong} search={search} onChoose={choose} onShow={onShow} edgeHand={edgeHand} onEdgeAsked={setEdgeAsked} />
          </Guard>
          <FormPanel {...{ parsed, problems, editor, assist, workflow, onShow }} asked={edgeAsked} hand={edgeHand} search={isTesting ? { ...search, form: "closed" } : search} validity={judged.validity} />
          {isTesting && <Guard of="test"><Suspense fallback={null}><TestPanel {...{ draft, workflow, text, parsed, ports, view, search, onShow }} syntax={begun.syntax} onChoose={choose} /></Suspense></Guard>}
        </>
      </Split>
      <Suspense fallback={null}>{doing === "publish" && <PublishDialog name={name} text={text} syntax={begun.syntax} base={begun.base} outline={good?.outline ?? null} validity={judged.validity} draft={draft} saver={saver} onDone={() => leave(name)} onClose={() => setDoing(null)} />}</Suspense>
      {doing === "discard" && <Suspense fallback={null}><DiscardDialog draft={draft} base={begun.base} saver={saver} onDone={() => leave(workflow)} onClose={() => setDoing(null)} /></Suspense>}
    </div>
  ); // prettier-ignore
}

function useMarks(text: string, problems: readonly Placed[] | null): readonly Mark[] {
  const last = useRef<readonly Mark[]>([]);
  return useMemo(() => {
    if (problems !== null) last.current = problems.map((one) => ({ from: one.from, to: one.to, severity: one.severity, message: one.problem.fix ? `${one.problem.message}\n${one.problem.fix}` : one.problem.message, fix: fixOf(text, one) }));
    return last.current; // until the next answer they stay where they are: the editor moves them along
  }, [problems]);
}

function Says({ state, isTouched }: { state: SaverState; isTouched: boolean }): JSX.Element {
  return <span role="status">{state.is === "away" ? say(state.isHere ? "away" : "awayNowhere", { why: state.why }) : state.is === "saved" && !isTouched ? say("untouched") : say(state.is)}</span>;
}
