export const shippingKey = {
  title: "Choose an API key",
  text: "The shipping API takes API keys, and shows what belongs to a key's environment. The key stays in this tab's memory: it is forgotten when you sign out or load the page again.",
  label: "API key",
  placeholder: "mg_sk_prod_…",
  submit: "Use this key",
  wrong: "The server does not accept this key.",
  using: (prefix: string) => `Using ${prefix}`,
  change: "Use another key",
} as const;
