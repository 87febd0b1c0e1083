import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

/** A receiver on this machine: takes what comes to `/orders`, and has a bad day at `/billing`. */
async function receiver() {
  const server = createServer((request, response) => {
    request.resume();
    const isWell = request.url === "/orders";
    response.writeHead(isWell ? 200 : 503, { "Content-Type": "application/json" });
    response.end(isWell ? '{"received":true}' : '{"error":"maintenance until 18:00"}');
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  // It is there as long as the tests are.
  server.unref();
  return `http://127.0.0.1:${server.address().port}`;
}

/** Waits until so many deliveries have been tried. */
async function tried(owner, id, count) {
  for (let tries = 0; tries < 100; tries++) {
    const { data } = await owner.get(`/v1/management/webhooks/${id}/deliveries?limit=50`);
    if (data.filter(({ tries: n, attempts }) => (n ?? attempts?.length ?? 0) > 0).length >= count) return;
    await pause(100);
  }
}

/** Endpoints: one that takes what it is sent, one that answers 503, one that nobody can reach, one that is switched off. */
export async function seed({ owner }) {
  const at = await receiver();
  const hook = (url, events, description, more = {}) =>
    owner.post("/v1/management/webhooks", { url, events, description, ...more });
  const orders = await hook(`${at}/orders`, ["shipment.*", "tracker.updated"], "Orders service");
  const billing = await hook(`${at}/billing`, ["shipment.purchased", "api_key.*"], "Billing");
  await hook("https://hooks.acme.invalid/mgmt", ["tracker.updated"], "Customer notifications");
  await hook("https://audit.acme.invalid/events", ["*"], "Archive", { active: false });
  for (const type of ["shipment.purchased", "tracker.updated", "shipment.cancelled"]) {
    await owner.post(`/v1/management/webhooks/${orders.id}/test`, { type });
  }
  for (const type of ["shipment.purchased", "api_key.created"]) {
    await owner.post(`/v1/management/webhooks/${billing.id}/test`, { type });
  }
  await Promise.all([tried(owner, orders.id, 3), tried(owner, billing.id, 2)]);
  return { webhooks: { orders, billing } };
}
