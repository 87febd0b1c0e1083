// Data that looks like somebody's: for screenshots, and for tests that need more than an empty organization. Each page's part is a file in `seed/`,
// which exports `seed(context)`; parts run in the order of their names.
import { readdirSync } from "node:fs";
import { caller, ownerOf, PASSWORD } from "./server.mjs";

export const COLLEAGUE = "jonas.weber@acme.example";
export const VIEWER = "priya.nair@acme.example";

/** Invites somebody and accepts for them. */
export async function join(context, { email, name, role, owner = context.owner }) {
  const invited = await owner.post("/v1/management/invitations", { email, role });
  const { data } = await caller(context.address).post(`/api/invitations/${invited.token}`, { name, password: PASSWORD });
  return { ...data.user, as: caller(context.address, data.access_token) };
}

/** Fills a bootstrapped server. What a part returns is in the context of the parts after it, and in the result. */
export async function seed(server, only) {
  const owner = await ownerOf(server.address);
  const me = (await owner.get("/api/auth/me")).data;
  const context = { address: server.address, bootstrapped: server.bootstrapped, sql: server.sql, owner, me };
  const folder = new URL("./seed/", import.meta.url);
  for (const file of readdirSync(folder).sort()) {
    if (only && !only.some((name) => file.includes(name))) continue;
    const part = await import(new URL(file, folder));
    Object.assign(context, await part.seed(context));
  }
  return context;
}
