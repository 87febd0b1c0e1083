import { sessionFetch } from "@/auth/session";
import { readError } from "./error";
import { idempotencyKeyFor, settleIdempotencyKey } from "./idempotency";

/** Sends a table (CSV) with the session's token. A `POST` has an idempotency key. Throws an `ApiError` unless it succeeds. */
export async function sendTable<T>(
  method: "POST" | "PUT",
  path: string,
  text: string,
  ifMatch?: string | null,
): Promise<T> {
  const headers: Record<string, string> = { "Content-Type": "text/csv", Accept: "application/json" };
  if (ifMatch) headers["If-Match"] = ifMatch;
  const intent = method === "POST" ? idempotencyKeyFor(path, text) : null;
  if (intent) headers["Idempotency-Key"] = intent.key;
  const response = await sessionFetch(new Request(path, { method, headers, body: text }));
  if (intent) settleIdempotencyKey(intent, response.status);
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw readError(response, answer);
  return answer as T;
}
