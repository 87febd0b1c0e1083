/** What the server wrote into the page: `empty` while there is no organization yet. */
export function serverState(): "empty" | "ready" {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="mgmt-state"]');
  return meta?.content === "empty" ? "empty" : "ready";
}

/** The random word with which this page's policy lets style sheets in. Browsers hide the attribute and leave the property. */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
}
