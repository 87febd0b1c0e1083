export const audit = {
  title: "Audit log",
  description: "Who did what, and when.",
} as const;
