export const overview = {
  title: "Overview",
  description: "What is going on in your organization.",
} as const;
