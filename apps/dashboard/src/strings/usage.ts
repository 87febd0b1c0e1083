export const usage = {
  title: "Usage",
  description: "Calls to your API and to this one, by time, surface, key and outcome.",
} as const;
