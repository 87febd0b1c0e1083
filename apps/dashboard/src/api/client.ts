import createClient, { type FetchResponse, type MaybeOptionalInit } from "openapi-fetch";
import type { HttpMethod, MediaType, PathsWithMethod } from "openapi-typescript-helpers";
import { sessionFetch } from "@/auth/session";
import { readError } from "./error";
import { idempotencyKeyFor, settleIdempotencyKey } from "./idempotency";
import type { components, paths } from "./schema.gen";

/** A schema of the API by its name: `Schema<"KeyView">`. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

export type { paths };
export type PathOf<M extends HttpMethod> = PathsWithMethod<paths, M>;
export type InitOf<P extends PathOf<M>, M extends HttpMethod> = MaybeOptionalInit<paths[P], M>;
/** What a call gives on success. */
export type DataOf<P extends PathOf<M>, M extends HttpMethod> = NonNullable<
  FetchResponse<NonNullable<paths[P][M]> & Record<string | number, unknown>, unknown, MediaType>["data"]
>;

/** An answer with the tag that a later change of the same object sends as `If-Match`. */
export interface Answer<T> {
  data: T;
  etag: string | null;
}

interface Extra {
  /** The object's tag, as `useGet` gave it: the change is refused with 412 if somebody changed the object meanwhile. */
  ifMatch?: string | null | undefined;
  signal?: AbortSignal | undefined;
}

const raw = createClient<paths>({ baseUrl: "", fetch: sessionFetch });

type Params<Init> = Init extends undefined ? never : Init;
type Arguments<P extends PathOf<M>, M extends HttpMethod> =
  undefined extends InitOf<P, M> ? [init?: Params<InitOf<P, M>>, extra?: Extra] : [init: InitOf<P, M>, extra?: Extra];

type Send = (
  method: string,
  path: string,
  init: object,
) => Promise<{ data?: unknown; error?: unknown; response: Response }>;

async function send<T>(method: string, path: string, init: object | undefined, extra: Extra = {}): Promise<Answer<T>> {
  const headers: Record<string, string> = {};
  if (extra.ifMatch) headers["If-Match"] = extra.ifMatch;
  const intent = method === "post" ? idempotencyKeyFor(path, init) : null;
  if (intent) headers["Idempotency-Key"] = intent.key;
  const request = raw.request as unknown as Send;
  const sent = { ...init, headers, ...(extra.signal ? { signal: extra.signal } : {}) };
  const { data, error, response } = await request(method, path, sent);
  if (intent) settleIdempotencyKey(intent, response.status);
  if (!response.ok) throw readError(response, error);
  return { data: data as T, etag: response.headers.get("etag") };
}

function verb<M extends "get" | "post" | "put" | "patch" | "delete">(method: M) {
  return async <P extends PathOf<M>>(path: P, ...[init, extra]: Arguments<P, M>): Promise<DataOf<P, M>> =>
    (await send<DataOf<P, M>>(method, path as string, init as object | undefined, extra)).data;
}

/**
 * The API, typed by its description. Every call throws an `ApiError` unless it succeeds.
 *
 * `post` sends an `Idempotency-Key`, and the same one again when the first attempt had no definite answer.
 */
export const api = {
  get: verb("get"),
  post: verb("post"),
  put: verb("put"),
  patch: verb("patch"),
  delete: verb("delete"),
  /** As `get`, with the object's tag. */
  load: <P extends PathOf<"get">>(path: P, ...[init, extra]: Arguments<P, "get">): Promise<Answer<DataOf<P, "get">>> =>
    send<DataOf<P, "get">>("get", path as string, init as object | undefined, extra),
};
