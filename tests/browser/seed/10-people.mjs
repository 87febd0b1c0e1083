import { caller, PASSWORD } from "../server.mjs";
import { COLLEAGUE, join, VIEWER } from "../seed.mjs";

/** An address, colleagues with several roles, an invitation that waits, and a second organization that the owner belongs to. */
export async function seed(context) {
  const { owner, me, address, bootstrapped } = context;
  await owner.patch(`/v1/management/organizations/${me.organization.id}`, {
    address: { street1: "Speicherstraße 12", city: "Hamburg", postal_code: "20457", country_code: "DE" },
  });
  await owner.patch(`/v1/management/users/${me.user.id}`, { name: "Ana Silva" });
  const developer = await join(context, { email: COLLEAGUE, name: "Jonas Weber", role: "developer" });
  const viewer = await join(context, { email: VIEWER, name: "Priya Nair", role: "viewer" });
  await join(context, { email: "marta.kowalska@acme.example", name: "Marta Kowalska", role: "admin" });
  await join(context, { email: "tomas.horak@acme.example", name: "Tomáš Horák", role: "member" });
  await owner.post("/v1/management/invitations", { email: "liam.obrien@acme.example", role: "member" });
  await owner.post("/v1/management/invitations", { email: "yuki.tanaka@acme.example", role: "developer" });

  const operator = caller(address, bootstrapped.management_key.key);
  const second = await operator.post("/v1/management/organizations", { name: "Acme Retail Ltd", owner_email: me.user.email });
  await operator.patch(`/v1/management/organizations/${me.organization.id}`, { quota: { limit: 3_000_000, period: "month" } });
  const link = second.invitation?.token ?? second.token;
  if (link) await joinAgain(address, link);
  return { developer, viewer, second };
}

async function joinAgain(address, token) {
  await caller(address).post(`/api/invitations/${token}`, { password: PASSWORD });
}
