// better-auth's API-key plugin behind Node's own HTTP server: POST /verify {"key": …} answers what the plugin says.
// PORT, DATABASE (a file) and KEYS (how many keys to make) come from the environment; the keys are written to standard output, one a line.
import { createServer } from "node:http";
import { apiKey } from "@better-auth/api-key";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import Database from "better-sqlite3";

const database = new Database(process.env.DATABASE);
database.pragma("journal_mode = WAL");
database.pragma("synchronous = NORMAL");
const options = {
  baseURL: "http://127.0.0.1",
  secret: "0123456789abcdef0123456789abcdef",
  database,
  logger: { disabled: true },
  telemetry: { enabled: false },
  emailAndPassword: { enabled: true },
  // A limit for each key that is wide enough, as the keys of the other side have.
  plugins: [apiKey({ rateLimit: { enabled: true, timeWindow: 1000, maxRequests: 1000 } })],
};
const { runMigrations } = await getMigrations(options);
await runMigrations();
const auth = betterAuth(options);
const { user } = await auth.api.signUpEmail({
  body: { name: "Owner", email: "owner@example.com", password: "correct horse battery staple 7" },
});
const keys = [];
for (let i = 0; i < Number(process.env.KEYS); i++) {
  keys.push((await auth.api.createApiKey({ body: { userId: user.id, name: `service ${i}` } })).key);
}

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", async () => {
    const { key } = JSON.parse(Buffer.concat(chunks).toString());
    const verdict = JSON.stringify(await auth.api.verifyApiKey({ body: { key } }));
    response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(verdict) });
    response.end(verdict);
  });
});
server.listen(Number(process.env.PORT), "127.0.0.1", () => process.stdout.write(`${keys.join("\n")}\n`));
