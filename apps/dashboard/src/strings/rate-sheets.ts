export const rateSheets = {
  title: "Rate sheets",
  description: "Your prices by service, zone and weight.",
} as const;
