/** Two projects, one with schemas, and a webhook that nobody answers. */
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
  const parts = `/management/v1/projects/${loyalty.id}`;
  const field = (type, more = {}) => ({ type, optional: true, array: false, ...more });
  await owner.post(`${parts}/metadata-schemas`, {
    related_object: "address",
    properties: { street: field("string", { max_length: 100 }), residential: field("boolean") },
  });
  await owner.post(`${parts}/metadata-schemas`, {
    related_object: "customer",
    properties: {
      tier: field("string", { optional: false, eq: ["bronze", "silver", "gold"] }),
      visits: field("number", { gte: 0, lt: 10_000 }),
      addresses: field("object", { array: true, object_type: "address" }),
      birthday: field("date"),
    },
    allow_defined_only: true,
  });
  const hook = await owner.post(`${parts}/webhooks`, {
    target_url: "https://loyalty.acme.invalid/hooks",
    events: ["voucher.published", "voucher.loyalty_card.pending_points.activated", "customer.rewarded"],
  });
  await owner.post(`${parts}/webhooks/${hook.id}/test`, { type: "voucher.published" });
  return { projects: { loyalty } };
}
