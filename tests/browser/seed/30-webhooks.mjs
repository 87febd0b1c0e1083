/** Endpoints, one of which is switched off, and a test event whose delivery fails: nobody answers there. */
export async function seed({ owner }) {
  const orders = await owner.post("/v1/management/webhooks", {
    url: "https://hooks.acme.invalid/mgmt",
    events: ["shipment.*", "tracker.updated"],
    description: "Orders service",
  });
  await owner.post("/v1/management/webhooks", {
    url: "https://audit.acme.invalid/events",
    events: ["*"],
    active: false,
    description: "Archive",
  });
  await owner.post(`/v1/management/webhooks/${orders.id}/test`, { type: "shipment.purchased" });
  return { webhooks: { orders } };
}
