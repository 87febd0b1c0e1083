import { setTimeout as pause } from "node:timers/promises";
import { caller } from "../server.mjs";

const DAY = 86_400_000;
const inDays = (days) => new Date(Date.now() + days * DAY).toISOString();

/** Keys in every state: active, ending soon, suspended, rotated, revoked, expired, and one with a name that is markup. */
export async function seed({ owner, address, bootstrapped }) {
  const make = async (body) => (await owner.post("/api/api-keys", body)).data;
  // Those first that end at once: an organization has five active keys at most, and one place is left free.
  const former = await make({ name: "Zapier", scopes: ["orders:read", "webhooks:manage"] });
  await owner.delete(`/api/api-keys/${former.id}`, { reason: "Replaced by the ERP bridge" });
  const odd = await make({ name: "<img src=x onerror=alert(1)>", scopes: ["agent:read"] });
  await owner.delete(`/api/api-keys/${odd.id}`, { reason: "A name that is markup" });
  const brief = await make({
    name: "Load test of November",
    scopes: ["rates:read"],
    environment: "test",
    expires_at: new Date(Date.now() + 2000).toISOString(),
  });
  await pause(2100);
  const bridge = await make({
    name: "ERP bridge",
    scopes: ["shipments:read", "shipments:write", "trackers:read", "trackers:write", "rates:read"],
    rate_limit: { requests: 600, per_seconds: 60 },
    quota: { limit: 1_000_000, period: "month" },
    ip_allowlist: ["203.0.113.0/24"],
    expires_at: inDays(180),
  });
  const scanner = await make({
    name: "Warehouse scanners Hamburg",
    scopes: ["shipments:read", "trackers:write"],
    warehouse_ids: ["HAM-1", "HAM-2"],
    expires_at: inDays(6),
  });
  const partner = await make({ name: "Partner portal", scopes: ["insights:read", "rates:read"] });
  await owner.post(`/api/api-keys/${partner.id}/suspend`);
  const terraform = await make({
    kind: "management",
    name: "Terraform",
    permissions: ["api-keys:read", "api-keys:write", "webhooks:read", "webhooks:write"],
    expires_at: inDays(60),
  });

  // A key for what comes after, without limits, and some use of the others.
  const shipping = { id: bootstrapped.api_key.id, key: bootstrapped.api_key.key };
  const verifier = caller(address, bootstrapped.management_key.key);
  for (let n = 0; n < 40; n++) {
    await verifier.post("/v1/keys/verify", { key: bridge.key, scopes: ["shipments:read"], ip: "203.0.113.7", cost: 120 });
    if (n % 4 === 0) await verifier.post("/v1/keys/verify", { key: bridge.key, scopes: ["orders:write"], ip: "203.0.113.7" });
    if (n % 3 === 0) await verifier.post("/v1/keys/verify", { key: scanner.key, scopes: ["trackers:write"], warehouse_id: "HAM-1" });
  }
  return { keys: { bridge, scanner, partner, former, brief, terraform }, shipping };
}
