/** What came of an authorization that somebody is back from. */

import type { JSX } from "react";
import { Button } from "../../parts/button";
import css from "./page.module.css";
import type { Outcome } from "./route";
import { say } from "./words";

export function Came({ name, outcome, onRead }: { name: string; outcome: Outcome; onRead: () => void }): JSX.Element {
  return (
    <section className={css["came"]} role="status" aria-label={say("outcome")} data-good={outcome === "connected" || outcome === "again" || undefined}>
      <p>{say(`outcome_${outcome}`, { name })}</p>
      <Button onClick={onRead}>{say("read")}</Button>
    </section>
  );
}
