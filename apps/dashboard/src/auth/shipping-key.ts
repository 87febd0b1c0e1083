// The shipping API takes API keys, not sessions. The key that its pages use is kept in memory, and goes with the session.

let key: string | null = null;
let tried: string | null = null;
const listeners = new Set<() => void>();

function change(next: string | null): void {
  key = next;
  tried = null;
  for (const listener of listeners) listener();
}

export const shippingKey = {
  get: (): string | null => key,
  /** What requests are sent with: the key, or one that is being tried. */
  sent: (): string | null => tried ?? key,
  set: (text: string): void => change(text),
  /** Sends a key from now on without choosing it, to see whether the server takes it. */
  probe(text: string): void {
    tried = text;
  },
  clear: (): void => change(null),
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
