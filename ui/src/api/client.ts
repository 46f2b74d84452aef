/**
 * The client of the HTTP API: paths, parameters and answers have the types of its own description (`schema.d.ts`, by `make clients`).
 *
 *     const page = await ask(api.GET("/v1/executions", { params: { query: { limit: 50 } }, signal }));
 *
 * Answers are read exactly (`exact.ts`): a number that JavaScript would change is an `Exact`, wherever a value of a user stands.
 */

import createClient from "openapi-fetch";
import { type Json, parse, write } from "./exact";
import { settings } from "../look/settings";
import { inHeader } from "./header";
import { ROOT } from "./place";
import { Problem, problemOf } from "./problem";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

export const api = createClient<paths>({ baseUrl: ROOT.href.replace(/\/$/, ""), fetch: exactFetch, bodySerializer: (body) => write(body as unknown as Json) });

/** The value of an answer. Throws Problem. */
export async function ask<Data>(answer: Promise<{ data?: Data; error?: unknown; response: Response }>): Promise<Data> {
  const { data, response } = await answer;
  if (!response.ok) throw await problemOf(failed.get(response) ?? response);
  return data as Data;
}

const failed = new WeakMap<Response, Response>();

/** Who acts, as this browser has it: `Refold-Person`, `Refold-Groups`. */
export function personHeaders(): Record<string, string> {
  const { groups } = settings();
  const person = settings().person.trim();
  return { ...(person !== "" && { "Refold-Person": inHeader(person) }), ...(groups !== "" && { "Refold-Groups": inHeader(groups) }) };
}

/** `fetch`, whose answers are read exactly, and which says that nobody answers as a Problem. */
async function exactFetch(request: Request): Promise<Response> {
  let response: Response;
  for (const [name, value] of Object.entries(personHeaders())) request.headers.set(name, value);
  try {
    response = await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new Problem(0, "away", "the server does not answer");
  }
  if (!response.ok) {
    failed.set(response, response.clone());
    return response;
  }
  const answer = new Response(response.body, response);
  answer.headers.set("Content-Length", "some"); // without one the client would not call `json`
  answer.json = async () => parse(await answer.text());
  return answer;
}
