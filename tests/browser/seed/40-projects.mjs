/** Two projects. */
export async function seed({ owner }) {
  const body = (name, description) => ({
    name,
    description,
    timezone: "Europe/Berlin",
    currency: "EUR",
    dial_code: "49",
    case_sensitive_codes: true,
  });
  const loyalty = await owner.post("/management/v1/projects", body("Loyalty DE", "Vouchers and points of the German shop"));
  await owner.post("/management/v1/projects", body("Loyalty PL", "Vouchers and points of the Polish shop"));
  return { projects: { loyalty } };
}
