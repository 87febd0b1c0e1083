export const keys = {
  title: "API keys",
  description: "Keys that your programs use.",
} as const;
