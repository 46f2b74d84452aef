/** What a server tells of itself, and of what lists are answered from. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";

export type Setting = Schemas["SettingShown"];
export type About = Schemas["About"];
export type ReadModel = Schemas["ReadModel"];

const AGAIN_MS = 10_000;
/** While rows are being made anew one wants to see how far that is. */
const SOON_MS = 1_000;

export function useAbout() {
  return useQuery({ queryKey: ["settings"], staleTime: AGAIN_MS, queryFn: ({ signal }) => ask(api.GET("/v1/settings", { signal })) });
}

export function useReadModels() {
  return useQuery<Schemas["ReadModels"]>({
    queryKey: ["read-models"],
    refetchInterval: ({ state }) => (state.data?.read_models.some((one) => one.building !== null) ? SOON_MS : AGAIN_MS),
    queryFn: ({ signal }) => ask(api.GET("/v1/read-models", { signal })),
  });
}

/** What there is to copy; refused where it does not lie with this server. */
export function useLog() {
  return useQuery({ queryKey: ["backup"], retry: false, queryFn: ({ signal }) => ask(api.GET("/v1/backup", { signal })) });
}

export function rebuild(name: string) {
  return ask(api.POST("/v1/read-models/{name}/rebuild", { params: { path: { name } } }));
}

export function useAgain(): () => void {
  const client = useQueryClient();
  return () => void client.invalidateQueries({ queryKey: ["read-models"] });
}
