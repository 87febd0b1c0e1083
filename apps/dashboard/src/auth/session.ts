// Who is signed in, outside React: requests need it wherever they come from.
//
// The access token lives in this module's memory and nowhere else; the refresh token is in a cookie that scripts can't read. Tabs share
// the cookie, and each refresh spends it, so tabs take turns (a lock), and tell each other when the session changes (a channel).
import { ApiError, readError, unreachable } from "@/api/error";
import type { components } from "@/api/schema.gen";
import { askToRefresh, HINT, inTurn, ME, mayBeSignedIn, takeMe, takeRefresh } from "./early";
import { shippingKey } from "./shipping-key";

type SignedIn = components["schemas"]["SignedInView"];
export type Me = components["schemas"]["MeView"];

export type SessionState =
  | { status: "starting" }
  | { status: "unreachable"; error: ApiError }
  | { status: "signed-out"; ended: boolean }
  | { status: "signed-in"; me: Me };

/** Seconds before its end at which an access token is no longer used. */
const MARGIN = 30;

let token: { text: string; endsAt: number } | null = null;
let state: SessionState = { status: "starting" };
let refreshing: Promise<boolean> | null = null;
const listeners = new Set<() => void>();
const forgetters = new Set<() => void>();
const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("mgmt-session") : null;

type Notice = "signed-out" | "changed";

/** For `useSyncExternalStore`. */
export const sessionStore = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  get: (): SessionState => state,
};

/** Calls `forget` whenever what was loaded belongs to a session that is not this one any more. */
export function onSessionChange(forget: () => void): () => void {
  forgetters.add(forget);
  return () => forgetters.delete(forget);
}

function become(next: SessionState): void {
  state = next;
  for (const listener of listeners) listener();
}

function forget(): void {
  shippingKey.clear();
  for (const each of forgetters) each();
}

function hint(present: boolean): void {
  try {
    if (present) localStorage.setItem(HINT, "yes");
    else localStorage.removeItem(HINT);
  } catch {
    // No storage: each start asks the server.
  }
}

function keep(signedIn: SignedIn): void {
  token = { text: signedIn.access_token, endsAt: Date.now() + signedIn.expires_in * 1000 };
  hint(true);
}

async function reach(input: string | Request, init?: RequestInit): Promise<Response> {
  try {
    return await fetch(input, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw unreachable();
  }
}

async function post<T>(path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token.text}`;
  const init: RequestInit = { method: "POST", headers };
  if (body !== undefined) init.body = JSON.stringify(body);
  const response = await reach(path, init);
  const answer = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw readError(response, answer);
  return answer as T;
}

/** Continues the session with the cookie. `false` when there is none. One at a time in this tab, and one of all tabs. */
function refresh(): Promise<boolean> {
  refreshing ??= inTurn(refreshOnce).finally(() => {
    refreshing = null;
  });
  return refreshing;
}

async function refreshOnce(): Promise<boolean> {
  for (const pause of [0, 300]) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    const { response, body } = await (takeRefresh() ?? askToRefresh()).catch(throwUnreachable);
    if (response.ok) {
      keep((body as { data: SignedIn }).data);
      return true;
    }
    if (response.status !== 401) throw readError(response, body);
    // Without the lock another tab may have spent the cookie a moment ago: the next attempt sends its successor.
    if (navigator.locks) return false;
  }
  return false;
}

function throwUnreachable(): never {
  throw unreachable();
}

/** A token that is good for a request now; `null` when nobody is signed in. */
async function currentToken(): Promise<string | null> {
  if (!token) return null;
  if (Date.now() < token.endsAt - MARGIN * 1000) return token.text;
  return (await refreshOrEnd()) ? (token?.text ?? null) : null;
}

async function refreshOrEnd(): Promise<boolean> {
  if (await refresh()) return true;
  end(true);
  return false;
}

function end(unasked: boolean): void {
  const wasSignedIn = state.status === "signed-in";
  token = null;
  hint(false);
  forget();
  become({ status: "signed-out", ended: unasked && wasSignedIn });
}

/** Paths that take API keys, not sessions. */
const SHIPPING = /^\/v1\/(shipments|rates|proxy\/rates|trackers|metadata-schemas)\b/;

/**
 * `fetch` with the session's token, which is renewed before its end, and once when the server refuses it. There is no timer: a tab that nobody
 * uses must not keep a session alive. Shipping takes an API key instead.
 */
export async function sessionFetch(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (SHIPPING.test(pathname)) return reach(withBearer(request, shippingKey.sent()));
  const first = await currentToken();
  const spare = request.clone();
  const response = await reach(withBearer(request, first));
  if (response.status !== 401 || !first) return response;
  // Another request may have renewed it meanwhile.
  const renewed = token && token.text !== first ? true : await refreshOrEnd();
  return renewed ? reach(withBearer(spare, token?.text ?? null)) : response;
}

function withBearer(request: Request, text: string | null): Request {
  if (!text) return request;
  const headers = new Headers(request.headers);
  headers.set("Authorization", `Bearer ${text}`);
  return new Request(request, { headers });
}

async function loadMe(begun: Promise<Response> | null = null): Promise<void> {
  const early = await begun?.catch(() => null);
  const response = early?.ok ? early : await sessionFetch(new Request(ME));
  const body = await response.json().catch(() => null);
  if (!response.ok) throw readError(response, body);
  become({ status: "signed-in", me: body.data });
}

/** Finds out at start whether there is a session to go on with. Repeat it when the server could not be reached. */
export async function startSession(): Promise<void> {
  if (!mayBeSignedIn()) {
    become({ status: "signed-out", ended: false });
    return;
  }
  await adopt();
}

async function adopt(): Promise<void> {
  try {
    if (await refreshOrEnd()) await loadMe(takeMe());
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) end(true);
    else if (state.status !== "signed-in")
      become({ status: "unreachable", error: error instanceof ApiError ? error : unreachable() });
  }
}

async function enter(signedIn: SignedIn): Promise<void> {
  keep(signedIn);
  forget();
  await loadMe();
  tell("changed");
}

/** Signs in. */
export async function signIn(email: string, password: string): Promise<void> {
  await enter((await inTurn(() => post<{ data: SignedIn }>("/api/auth/login", { email, password }))).data);
}

/** Accepts an invitation, which signs in. */
export async function acceptInvitation(invitation: string, body: { name?: string; password: string }): Promise<void> {
  const path = `/api/invitations/${encodeURIComponent(invitation)}`;
  await enter((await inTurn(() => post<{ data: SignedIn }>(path, body))).data);
}

/** Goes on in another organization. */
export async function switchOrganization(id: string): Promise<void> {
  await currentToken();
  await enter((await inTurn(() => post<{ data: SignedIn }>("/api/auth/switch", { organization_id: id }))).data);
}

/** Signs out here and in all tabs. The session is over for this browser even if the server can't be told. */
export async function signOut(): Promise<void> {
  try {
    if (await currentToken()) await post("/api/auth/logout");
  } catch {
    // It ends by itself later; who sits here is signed out now.
  }
  end(false);
  tell("signed-out");
}

/** Loads the signed-in person anew, as after a change of their name or their organization's. */
export async function reloadMe(): Promise<void> {
  await loadMe();
}

function tell(notice: Notice): void {
  channel?.postMessage(notice);
}

channel?.addEventListener("message", ({ data }: MessageEvent<Notice>) => {
  if (data === "signed-out") end(false);
  if (data === "changed") {
    // Another tab signed in or changed the organization: the cookie is of another session now.
    token = null;
    forget();
    void adopt();
  }
});
