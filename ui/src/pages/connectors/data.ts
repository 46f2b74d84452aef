/** Connectors and their versions: asked for again every few seconds; a version never changes. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";

export type Kept = Schemas["ConnectorVersion"];
export type Shown = Schemas["ConnectorShown"];
export type Converted = Schemas["ConvertedConnector"];
export type Outcome = Schemas["ConnectorOutcome"];

const AGAIN_MS = 10_000;

export function useConnectors() {
  return useQuery({
    queryKey: ["connectors"],
    refetchInterval: AGAIN_MS,
    queryFn: ({ signal }) => ask(api.GET("/v1/connectors", { signal })),
    select: ({ connectors }) => connectors,
  });
}

/** A version, or the latest. It may be megabytes: it is asked for again only where one comes to look. */
export function useConnector(name: string, version: number | undefined) {
  return useQuery({
    queryKey: ["connectors", name, version ?? "latest"],
    retry: false,
    structuralSharing: false,
    queryFn: ({ signal }) => ask(api.GET("/v1/connectors/{name}", { params: { path: { name }, query: version === undefined ? {} : { version } }, signal })),
  });
}

/** All of its versions, the latest first. */
export function useVersions(name: string): readonly Kept[] {
  const found = useQuery({
    queryKey: ["connectors", name, "versions"],
    refetchInterval: AGAIN_MS,
    retry: false,
    queryFn: ({ signal }) => ask(api.GET("/v1/connectors/{name}/versions", { params: { path: { name } }, signal })),
    select: ({ versions }) => [...versions].reverse(),
  });
  return found.data ?? [];
}

export function convert(body: Schemas["OpenApiRequest"]): Promise<Converted> {
  return ask(api.POST("/v1/connectors/convert", { body }));
}

/** Publish one, and ask again which there are. */
export function usePublish(): (connector: Converted["connector"]) => Promise<Outcome> {
  const client = useQueryClient();
  return async (connector) => {
    const made = await ask(api.POST("/v1/connectors", { body: { connector: connector as unknown as Schemas["Connector"] } }));
    await client.invalidateQueries({ queryKey: ["connectors"] });
    return made;
  };
}
