/** A key for one thing that somebody wants to happen once. */
export interface Intent {
  readonly key: string;
  readonly of: string;
}

// Attempts that ended without a definite answer: their repeat must say that it is one.
const open = new Map<string, string>();

/** The key to send with a POST. */
export function idempotencyKeyFor(path: string, init: unknown): Intent {
  const of = `${path} ${JSON.stringify(init ?? null)}`;
  const key = open.get(of) ?? randomKey();
  open.set(of, key);
  return { key, of };
}

/** After a definite answer the same request means a new thing. */
export function settleIdempotencyKey(intent: Intent, status: number): void {
  if (status < 500 && status !== 429 && status !== 401) open.delete(intent.of);
}

/** `crypto.randomUUID` needs a secure context, which plain http in a private network is not. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
