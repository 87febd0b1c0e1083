import { COLLEAGUE, VIEWER } from "../seed.mjs";

const text = (optional = true) => ({ type: "string", optional, array: false });

/** Projects; one with people, schemas, rules, a webhook, a brand and templates. */
export async function seed({ owner }) {
  const make = (name, description, currency, timezone, dial_code) =>
    owner.post("/management/v1/projects", { name, description, timezone, currency, dial_code, case_sensitive_codes: true });
  const loyalty = await make("Loyalty DE", "Vouchers and points of the German shop", "EUR", "Europe/Berlin", "49");
  await make("Loyalty PL", "Vouchers and points of the Polish shop", "PLN", "Europe/Warsaw", "48");
  await make("Gift cards US", "Gift cards, sold in shops and online", "USD", "America/New_York", "1");

  const base = `/management/v1/projects/${loyalty.id}`;
  await owner.post(`${base}/users`, { login: COLLEAGUE, role: "ADMIN" });
  await owner.post(`${base}/users`, { login: VIEWER, role: "VIEWER" });
  await owner.post(`${base}/users`, { login: "tomas.horak@acme.example", role: "USER" });
  await owner.post(`${base}/metadata-schemas`, {
    related_object: "voucher",
    properties: {
      shop: { ...text(false), max_length: 40 },
      season: { ...text(), eq: ["spring", "summer", "autumn", "winter"] },
      valid_for_staff: { type: "boolean", optional: true, array: false },
      min_order: { type: "number", optional: true, array: false, gte: 5 },
    },
  });
  const field = (type, more = {}) => ({ type, optional: true, array: false, ...more });
  await owner.post(`${base}/metadata-schemas`, {
    related_object: "address",
    properties: { street: field("string", { max_length: 100 }), residential: field("boolean") },
  });
  await owner.post(`${base}/metadata-schemas`, {
    related_object: "customer",
    properties: {
      tier: field("string", { optional: false, eq: ["basic", "silver", "gold"] }),
      visits: field("number", { gte: 0, lt: 10_000 }),
      addresses: field("object", { array: true, object_type: "address" }),
      birthday: field("date"),
    },
    allow_defined_only: true,
  });
  await owner.post(`${base}/custom-event-schemas`, {
    name: "review_written",
    schema: { properties: { product: { type: "string", optional: false }, stars: { type: "number", optional: false } } },
  });
  await owner.post(`${base}/custom-event-schemas`, {
    name: "store_visited",
    schema: { properties: { store: { type: "string", optional: false }, at: { type: "datetime", optional: true } } },
  });
  await owner.post(`${base}/stacking-rules`, { redeemables_limit: 10, applicable_redeemables_limit: 3 });
  const hook = await owner.post(`${base}/webhooks`, {
    target_url: "https://shop.acme.example/hooks/vouchers",
    events: ["voucher.published", "voucher.loyalty_card.pending_points.activated", "customer.rewarded"],
  });
  await owner.post(`${base}/webhooks/${hook.id}/test`, { type: "voucher.published" });
  await owner.post(`${base}/branding`, {
    brand: { name: "Acme Rewards", website_url: "acme.example", privacy_policy_url: "acme.example/privacy" },
    address: { street: "Speicherstraße 12", city: "Hamburg", postal: "20457", country: "Germany" },
    contact: { email: "rewards@acme.example", phone: "+49 40 1234567" },
  });
  const template = (name, campaign_type, description) =>
    owner.post(`${base}/templates/campaigns`, { name, campaign_type, description });
  await template("Summer sale", "DISCOUNT_COUPONS", "Ten percent on everything but gift cards");
  await template("Welcome gift", "GIFT_VOUCHERS", "Five euros for the first order");
  return { projects: { loyalty } };
}
