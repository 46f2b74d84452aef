/** Which two are compared, and after which event each is looked at. */

import { type JSX, useState } from "react";
import { Button } from "../../parts/button";
import { TextField } from "../../parts/field";
import css from "./page.module.css";
import type { CompareSearch } from "./route";
import { type Named, namedIn, namedOut } from "./sides";
import { say } from "./words";

interface ChooseProps {
  readonly left: string;
  readonly right: string;
  readonly onShow: (changed: CompareSearch) => void;
}

export function Choose({ left, right, onShow }: ChooseProps): JSX.Element {
  const [one, setOne] = useState<Named>(namedIn(left));
  const [other, setOther] = useState<Named>(namedIn(right));
  return (
    <form
      className={css["choose"]}
      onSubmit={(event) => {
        event.preventDefault();
        onShow({ left: namedOut(one), right: namedOut(other) });
      }}
    >
      <SideFields says={say("left")} named={one} onNamed={setOne} />
      <SideFields says={say("right")} named={other} onNamed={setOther} />
      <Button type="submit" look="main">
        {say("show")}
      </Button>
      <Button onClick={() => onShow({ left: right || undefined, right: left || undefined })}>{say("swap")}</Button>
    </form>
  );
}

function SideFields({ says, named: { id, at }, onNamed }: { says: string; named: Named; onNamed: (named: Named) => void }): JSX.Element {
  return (
    <fieldset className={css["fields"]}>
      <legend className="only-heard">{says}</legend>
      <TextField label={`${says}: ${say("execution")}`} hideLabel mono placeholder={`${says}: ${say("execution")}`} value={id} onChange={(event) => onNamed({ id: event.target.value.trim(), at })} />
      <TextField
        label={`${says}: ${say("at")}`}
        hideLabel
        mono
        type="number"
        min={1}
        placeholder={say("atNow")}
        value={at ?? ""}
        onChange={(event) => onNamed({ id, at: event.target.value === "" ? undefined : Math.max(1, Math.floor(Number(event.target.value))) })}
      />
    </fieldset>
  );
}
