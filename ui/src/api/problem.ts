/** What the server refused, or that it did not answer: one error, which knows what to do next. */

export interface Found {
  readonly path: string;
  readonly rule: string;
  readonly message: string;
  readonly fix?: string;
  readonly line?: number;
  readonly column?: number;
  readonly node?: string;
}

export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    /** As of HTTP; 0 where nobody answered. */
    readonly status: number,
    /** A word for programs, such as `already_ended`. */
    readonly reason: string,
    detail: string,
    readonly problems: readonly Found[] = [],
    readonly retryAfterS: number | null = null,
  ) {
    super(detail);
  }

  /** Whether the same may go well in a moment. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status === 503;
  }
}

export async function problemOf(response: Response): Promise<Problem> {
  const later = Number(response.headers.get("Retry-After"));
  const retryAfterS = Number.isFinite(later) && later > 0 ? later : null;
  try {
    const said = (await response.json()) as { detail?: string; reason?: string; problems?: Found[] };
    return new Problem(response.status, said.reason ?? "unknown", said.detail ?? response.statusText, said.problems ?? [], retryAfterS);
  } catch {
    return new Problem(response.status, "unknown", `${response.status} ${response.statusText}`.trim(), [], retryAfterS);
  }
}
