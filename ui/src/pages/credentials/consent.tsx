/** Who has authorized a credential of a server of OAuth 2.0, and the way there. */

import { type JSX, useState } from "react";
import { Button } from "../../parts/button";
import { Copyable } from "../../parts/copyable";
import { Pairs } from "../../parts/pairs";
import { Told } from "../../parts/told";
import { When } from "../../parts/when";
import { connect, type Credential, redirectUri, useKinds } from "./data";
import css from "./page.module.css";
import { say } from "./words";

type Consent = NonNullable<Credential["consent"]>;

export function ConsentView({ name, consent: { stage, at, said, given_at, given_by } }: { name: string; consent: Consent }): JSX.Element {
  const kinds = useKinds();
  const [error, setError] = useState<Error | null>(null);
  const [isLeaving, setLeaving] = useState(false);
  const leave = async () => {
    setLeaving(true);
    setError(null);
    try {
      await connect(name);
    } catch (refused) {
      setError(refused instanceof Error ? refused : new Error(String(refused)));
      setLeaving(false);
    }
  };
  return (
    <section>
      <h3>{say("consent")}</h3>
      <p>{say(`stage_${stage}`)}</p>
      <Pairs
        of={[
          [say("saidBy"), stage === "refused" && <span className={css["said"]}>{said}</span>],
          [say("stageAt"), at !== null && stage !== "given" && <When key="a" at={at} />],
          [say("givenAt"), given_at !== null && <span key="g"><When at={given_at} /> {given_by !== null && say("givenBy", { by: given_by })}</span>],
          [say("redirect"), kinds.data && <Copyable text={redirectUri(kinds.data.redirect_uri)} />],
        ]}
      />
      <div className={css["connect"]}>
        <Button look={given_at === null ? "main" : "plain"} icon="link" aria-disabled={isLeaving} onClick={() => !isLeaving && void leave()}>
          {say(given_at === null ? "connect" : "connectAgain")}
        </Button>
        <span className="soft">{say("connectDoes")}</span>
      </div>
      {error !== null && <Told error={error} />}
    </section>
  );
}
