/** The builder: the text is the truth, and the graph beside it a view of it. The draft keeps itself. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type JSX, useEffect, useRef, useState } from "react";
import { freshKey } from "../../api/fresh";
import { Problem } from "../../api/problem";
import { Head } from "../../frame/head";
import { Empty } from "../../parts/empty";
import { Told } from "../../parts/told";
import { begin } from "./drafts";
import { edited, fresh, type BuilderSearch } from "./route";
import { say } from "./words";
import { Workbench } from "./workbench";

export function EditPage(): JSX.Element {
  const { name } = edited.useParams();
  const search = edited.useSearch();
  const navigate = useNavigate({ from: edited.fullPath });
  return <Opened key={name} draft={name} workflow={name} search={search} onShow={(changed) => navigate({ search: (before) => ({ ...before, ...changed }), replace: true })} />;
}

export function NewPage(): JSX.Element | null {
  const search = fresh.useSearch();
  const navigate = useNavigate({ from: fresh.fullPath });
  const { draft } = search;
  useEffect(() => {
    if (draft === undefined) void navigate({ search: { draft: `new-${freshKey().slice(0, 12)}` }, replace: true });
  }, [draft, navigate]);
  if (draft === undefined) return null;
  return <Opened key={draft} draft={draft} workflow={null} search={search} onShow={(changed) => navigate({ search: (before) => ({ ...before, ...changed }), replace: true })} />;
}

interface OpenedProps {
  readonly draft: string;
  readonly workflow: string | null;
  readonly search: BuilderSearch;
  readonly onShow: (changed: BuilderSearch) => Promise<void>;
}

function Opened({ draft, workflow, search: asked, onShow: onSearch }: OpenedProps): JSX.Element {
  const [search, onShow] = useAhead(asked, onSearch);
  const [opening] = useState(freshKey); // what was there at another time is of no use here
  const found = useQuery({ queryKey: ["draft", draft, opening], queryFn: () => begin(draft, workflow), staleTime: Number.POSITIVE_INFINITY, gcTime: 0, refetchOnWindowFocus: false, refetchOnReconnect: false });
  if (found.data !== undefined) return <Workbench draft={draft} workflow={workflow} begun={found.data} search={search} onShow={onShow} />;
  const isUnknown = found.error instanceof Problem && found.error.status === 404;
  return (
    <>
      <Head title={workflow === null ? say("titleNew") : say("titleEdit", { name: workflow })} />
      {isUnknown && (
        <Empty title={say("notFound", { name: workflow ?? draft })} says={say("notFoundSays")}>
          <Link to="/workflows/new">{say("titleNew")}</Link>
        </Empty>
      )}
      {found.error !== null && !isUnknown && <Told error={found.error} onRetry={() => void found.refetch()} />}
    </>
  );
}

/** The address follows a moment later: a key that is pressed until then is of what was chosen by the one before. */
function useAhead(asked: BuilderSearch, onSearch: (changed: BuilderSearch) => Promise<void>): [BuilderSearch, (changed: BuilderSearch) => void] {
  const [search, setSearch] = useState(asked);
  const under = useRef(0);
  useEffect(() => {
    if (under.current === 0) setSearch(asked);
  }, [asked]);
  const show = (changed: BuilderSearch) => {
    under.current += 1;
    setSearch((before) => ({ ...before, ...changed }));
    void onSearch(changed).finally(() => (under.current -= 1));
  };
  return [search, show];
}
