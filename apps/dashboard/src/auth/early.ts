// What a page of a signed-in person asks for before its own code is there: the session goes on, and whose it is. The build makes a file of its own
// of this module, which the page loads first; `session.ts` takes the answers. It imports nothing, so that nothing delays it.

/** Says that there may be a refresh cookie: without it nothing is asked at start. It is no secret. */
export const HINT = "mgmt-signed-in";
export const REFRESH = "/api/auth/refresh";
export const ME = "/api/auth/me";

/** An answer and its body, `null` where that is no JSON. */
export interface Read {
  response: Response;
  body: unknown;
}

/** Whether there may be a session to go on with. */
export function mayBeSignedIn(): boolean {
  try {
    return localStorage.getItem(HINT) !== null;
  } catch {
    // No storage: ask the server.
    return true;
  }
}

/** Runs when no other tab does. */
export async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  // The lock is missing where the page is not secure: there a lost race is repeated, see `session.ts`.
  return navigator.locks ? await navigator.locks.request("mgmt-refresh", work) : await work();
}

/** Spends the cookie for a new token and the next cookie. Rejects when the server can't be reached. */
export async function askToRefresh(): Promise<Read> {
  const response = await fetch(REFRESH, { method: "POST", headers: { Accept: "application/json" } });
  return { response, body: response.status === 204 ? null : await response.json().catch(() => null) };
}

let refreshed: Promise<Read> | null = null;
let me: Promise<Response> | null = null;

/** The refresh that was begun with the page, once. */
export function takeRefresh(): Promise<Read> | null {
  const taken = refreshed;
  refreshed = null;
  return taken;
}

/** The answer that tells who is signed in, once, if it was asked for. */
export function takeMe(): Promise<Response> | null {
  const taken = me;
  me = null;
  return taken;
}

const isEmpty = () => document.querySelector<HTMLMetaElement>('meta[name="mgmt-state"]')?.content === "empty";

if (mayBeSignedIn() && !isEmpty()) {
  refreshed = inTurn(async () => {
    const read = await askToRefresh();
    const token = (read.body as { data?: { access_token?: string } } | null)?.data?.access_token;
    if (read.response.ok && token) {
      me = fetch(ME, { headers: { Authorization: `Bearer ${token}` } });
      // Whoever takes it sees the error; nobody has to.
      me.catch(() => undefined);
    }
    return read;
  });
  refreshed.catch(() => undefined);
}
