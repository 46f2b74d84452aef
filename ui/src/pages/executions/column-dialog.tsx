/** Which columns the list has, in which order, and whether the latest or the oldest come first. */

import { type JSX, useState } from "react";
import { Button, IconButton } from "../../parts/button";
import { Check } from "../../parts/check";
import { Choice } from "../../parts/choice";
import { Dialog } from "../../parts/dialog";
import type { Sort } from "../../views/data";
import { OFFERED, sayColumn, SHOWN } from "./columns";
import css from "./page.module.css";
import type { ExecutionsSearch } from "./route";
import { say } from "./words";

interface ColumnsProps {
  readonly search: ExecutionsSearch;
  readonly searchNames: readonly string[];
  readonly onShow: (changed: ExecutionsSearch) => void;
}

export function ColumnsButton(props: ColumnsProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>{say("columns")}</Button>
      {isOpen && <ColumnDialog {...props} onClose={() => setOpen(false)} />}
    </>
  );
}

function ColumnDialog({ search: { columns, sort }, searchNames, onShow, onClose }: ColumnsProps & { onClose: () => void }): JSX.Element {
  const chosen: readonly string[] = columns ?? SHOWN;
  const others = [...OFFERED, "detail", ...searchNames.map((name) => `search.${name}`)].filter((name) => !chosen.includes(name));
  const put = (next: readonly string[]) => onShow({ columns: next.join() === SHOWN.join() ? undefined : [...next] });
  const move = (at: number, by: number) => {
    const next = [...chosen];
    const [one] = next.splice(at, 1);
    if (one !== undefined) next.splice(at + by, 0, one);
    put(next);
  };
  return (
    <Dialog title={say("columns")} onClose={onClose} width={400}>
      <Choice<Sort>
        label={say("order")}
        options={[
          { value: "-created_at", says: say("latestFirst") },
          { value: "created_at", says: say("oldestFirst") },
        ]}
        chosen={sort ?? "-created_at"}
        onChoose={(next) => onShow({ sort: next === "created_at" ? next : undefined })}
      />
      <ul className={css["columns"]}>
        {chosen.map((name, at) => (
          <li key={name}>
            <Check label={sayColumn(name)} checked disabled={chosen.length === 1} onCheck={() => put(chosen.filter((one) => one !== name))} />
            <IconButton icon="up" says={say("earlier", { name: sayColumn(name) })} aria-disabled={at === 0} onClick={() => at > 0 && move(at, -1)} />
            <IconButton icon="down" says={say("later", { name: sayColumn(name) })} aria-disabled={at === chosen.length - 1} onClick={() => at < chosen.length - 1 && move(at, 1)} />
          </li>
        ))}
        {others.map((name) => (
          <li key={name}>
            <Check label={sayColumn(name)} checked={false} onCheck={() => put([...chosen, name])} />
          </li>
        ))}
      </ul>
      {columns !== undefined && <Button onClick={() => put(SHOWN)}>{say("asAtFirst")}</Button>}
    </Dialog>
  );
}
