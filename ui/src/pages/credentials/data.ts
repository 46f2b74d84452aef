/** Credentials without their values, asked for again every few seconds; and what is done with them. Values go to the server, and nowhere else. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import { ROOT } from "../../api/place";

export type Credential = Schemas["CredentialShown"];
export type Kind = Schemas["CredentialKindShown"];
export type Use = Schemas["CredentialUse"];
export type Need = Schemas["Need"];
export type Values = Readonly<Record<string, string>>;

const AGAIN_MS = 10_000;
export const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

export function useCredentials() {
  return useQuery({
    queryKey: ["credentials"],
    refetchInterval: AGAIN_MS,
    queryFn: ({ signal }) => ask(api.GET("/v1/credentials", { params: { query: { needed_by: true } }, signal })),
    select: ({ credentials }) => credentials,
  });
}

/** One of them, and what names it. */
export function useCredential(name: string) {
  return useQuery({
    queryKey: ["credentials", name],
    refetchInterval: AGAIN_MS,
    retry: false,
    queryFn: ({ signal }) => ask(api.GET("/v1/credentials/{name}", { params: { path: { name } }, signal })),
  });
}

export function useUses(name: string) {
  return useQuery({
    queryKey: ["credentials", name, "uses"],
    refetchInterval: AGAIN_MS,
    queryFn: ({ signal }) => ask(api.GET("/v1/credentials/{name}/uses", { params: { path: { name } }, signal })),
    select: ({ uses }) => uses,
  });
}

export function useKinds() {
  return useQuery({ queryKey: ["credential-kinds"], staleTime: Infinity, queryFn: ({ signal }) => ask(api.GET("/v1/credential-kinds", { signal })) });
}

/** Where people come back to, as it is registered with the servers of credentials. */
export function redirectUri(said: string | null): string {
  return said ?? new URL("oauth2/callback", ROOT).href;
}

export function create(body: { name: string; kind: string; values: Values; summary: string; workflows: string[] }): Promise<Credential> {
  return ask(api.POST("/v1/credentials", { body }));
}

export function rotate(name: string, values: Values, overlap: string): Promise<Credential> {
  return ask(api.POST("/v1/credentials/{name}/rotate", { params: { path: { name } }, body: { values, overlap } }));
}

export function remove(name: string, force: boolean) {
  return ask(api.DELETE("/v1/credentials/{name}", { params: { path: { name }, query: { force } } }));
}

/** Leave for the server of a credential, in this tab: it sends back here. */
export async function connect(name: string): Promise<void> {
  const { url } = await ask(api.POST("/v1/credentials/{name}/connect", { params: { path: { name } }, body: { page: ROOT.href } }));
  location.assign(url);
}

/** Asks for all that is shown again, or for the list alone. */
export function useAgain(): (what?: "list") => Promise<void> {
  const client = useQueryClient();
  return (what) => client.invalidateQueries({ queryKey: ["credentials"], exact: what === "list" });
}
