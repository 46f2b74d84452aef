/** Why it ran, or did not: the chain as the server tells it. Each link leads to the moment that it speaks of, each step to its node. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { JSX } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { statusOf } from "../../graph/status";
import { State } from "../../parts/state";
import { Told } from "../../parts/told";
import { Asked } from "./asked";
import css from "./inspector.module.css";
import type { InspectorProps } from "./inspector";
import { Waits } from "./waits";
import { say } from "./words";

type Chain = Schemas["WhyChain"];
type Step = Chain["steps"][number];
type Way = Step["ways"][number];
type Leads = Pick<InspectorProps, "onGo" | "onRun">;

export function Why({ id, version, shown, chosen, onGo, onRun }: InspectorProps): JSX.Element {
  const run = chosen === null ? "" : (shown.looks.boxes.get(chosen)?.run ?? chosen);
  const found = useWhy(id, run, shown.isPast ? shown.at : undefined, version, shown.isResting);
  if (shown.at === 0) return <p className="soft">{say("notBegunAt")}</p>;
  if (found.error) return <Told error={found.error} onRetry={() => void found.refetch()} />;
  if (found.data === undefined) return <p className="soft">{say("loading")}</p>;
  const { steps, waits_for: waits, is_cut: isCut, decided_otherwise_from: unread } = found.data;
  return (
    <>
      {chosen === null && <p className="soft">{say("whyOfWhole")}</p>}
      {waits.length > 0 && <Waits of={waits.map(({ item, since }) => ({ ...item, since }))} onRun={onRun} />}
      <ol className={css["why"]} aria-label={say("whyChain")}>
        {steps.map((step) => (
          <li key={step.path}>
            <One of={step} onGo={onGo} onRun={onRun} />
          </li>
        ))}
      </ol>
      {isCut && <p className="soft">{say("whyCut")}</p>}
      {unread !== null && <p className="soft">{say("whyUnread", { at: unread })}</p>}
    </>
  );
}

/** While events come by the hundred, or one drags, the chain before is shown. */
function useWhy(execution: string, node: string, at: number | undefined, version: number, isResting: boolean) {
  return useQuery({
    queryKey: ["why", execution, node, at ?? `now ${version}`],
    enabled: isResting && version > 0 && at !== 0,
    placeholderData: keepPreviousData,
    structuralSharing: false,
    queryFn: ({ signal }) => ask(api.GET("/v1/executions/{execution}/why", { params: { path: { execution }, query: { node, ...(at !== undefined && { at }) } }, signal })),
  });
}

function One({ of: step, onGo, onRun }: { of: Step } & Leads): JSX.Element {
  return (
    <div className={css["link"]}>
      <p>
        {step.path === "" ? <b>{say("whole")}</b> : <Run path={step.path} onRun={onRun} />} <How of={step} />{" "}
        {step.version !== null && <Event at={step.version} says={step.path} onGo={onGo} />}
      </p>
      <p className="soft">{say(`because_${step.because}`)}</p>
      {step.error && <p className={css["error"]}>{`${step.error.type}: ${step.error.message}`}</p>}
      {step.asked.map((one, at) => (
        <Asked key={at} of={one} />
      ))}
      {step.ways.map((way, at) => (
        <WayIn key={at} of={way} onGo={onGo} onRun={onRun} />
      ))}
    </div>
  );
}

function How({ of: { state, type, path } }: { of: Step }): JSX.Element | null {
  if (state === "not_reached") return <span className="soft">{say("notReached")}</span>;
  return path === "" ? null : <State status={statusOf(type, state)} />;
}

function WayIn({ of: way, onGo, onRun }: { of: Way } & Leads): JSX.Element {
  const leftBy = way.left_by.join(", ");
  return (
    <div className={css["way"]} data-state={way.state}>
      <p>
        <span className="soft">{say(way.back ? "backFrom" : "wayFrom")}</span> <Run path={way.from} onRun={onRun} /> {way.port !== "out" && <code>{way.port}</code>}{" "}
        {way.state === "taken" ? say("wayTaken") : <span className="soft">{say(`way_${way.because ?? "pending"}`, { ports: leftBy })}</span>}{" "}
        {way.version !== null && <Event at={way.version} says={way.from} onGo={onGo} />}
      </p>
      {way.when && <Asked of={way.when} />}
    </div>
  );
}

function Run({ path, onRun }: { path: string } & Pick<Leads, "onRun">): JSX.Element {
  return (
    <button type="button" className={css["step"]} onClick={() => onRun(path)}>
      {path}
    </button>
  );
}

function Event({ at, says, onGo }: { at: number; says: string } & Pick<Leads, "onGo">): JSX.Element {
  return (
    <button type="button" className={css["version"]} aria-label={say("led", { state: says, version: at })} onClick={() => onGo(at)}>
      {`v${at}`}
    </button>
  );
}
