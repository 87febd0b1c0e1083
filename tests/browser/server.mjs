// A real server with a folder, a database and a port of its own.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";

export const OWNER = "ana.silva@acme.example";
export const PASSWORD = "correct horse battery staple 7";

const root = fileURLToPath(new URL("../..", import.meta.url));

function binary() {
  const path = process.env.MGMT_BIN ?? join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug/mgmt");
  if (!existsSync(path)) throw new Error(`${path} is missing: run \`make build\` first`);
  return path;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** The caller's environment without settings of a server. */
function cleanEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("MGMT_")));
}

/** Starts a server; `settings` are environment variables, `bootstrapped: false` leaves its database empty. */
export async function startServer({ settings = {}, bootstrapped = true } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "mgmt-browser-"));
  const address = `http://127.0.0.1:${await freePort()}`;
  const env = {
    ...cleanEnvironment(),
    MGMT_SERVER__LISTEN: address.slice("http://".length),
    MGMT_SERVER__METRICS_LISTEN: "",
    MGMT_LIMITS__SELF_HOSTED_PER_MINUTE: "100000",
    // The seed's receiver of webhooks listens on this machine.
    MGMT_WEBHOOKS__ALLOW_HTTP: "true",
    MGMT_WEBHOOKS__ALLOWED_NETWORKS: "127.0.0.0/8",
    ...settings,
  };
  const run = (args, input) =>
    execFileSync(binary(), args, { cwd: folder, env, input, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] });
  const bootstrap = () =>
    JSON.parse(run(["bootstrap", "--org", "Acme Logistics", "--email", OWNER, "--password-stdin", "--json"], `${PASSWORD}\n`));
  const made = bootstrapped ? bootstrap() : null;

  let output = "";
  const child = spawn(binary(), ["serve"], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
    await ended;
    clearTimeout(timer);
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; ; tries++) {
    const ready = await fetch(`${address}/readyz`).then((answer) => answer.ok, () => false);
    if (ready) break;
    if (child.exitCode !== null || tries > 600) {
      await stop();
      throw new Error(`the server did not start:\n${output}`);
    }
    await pause(50);
  }
  const sql = (script) => runSql(join(folder, "data/mgmt.db"), script);
  return { address, folder, bootstrapped: made, bootstrap, log: () => output, stop, sql, file: (name) => readFileSync(join(folder, name)) };
}

/** Writes into a server's database what no call can make: a past. */
function runSql(path, script) {
  const program = "import sqlite3, sys\ndb = sqlite3.connect(sys.argv[1], timeout=30)\ndb.executescript(sys.stdin.read())\ndb.close()";
  execFileSync("python3", ["-c", program, path], { input: `BEGIN IMMEDIATE;\n${script};\nCOMMIT;\n`, stdio: ["pipe", "pipe", "inherit"] });
}

/** A caller of the API with a key or a token. */
export function caller(address, bearer) {
  const send = async (method, path, body, headers = {}) => {
    const answer = await fetch(`${address}${path}`, {
      method,
      headers: {
        ...(bearer ? { Authorization: `Bearer ${bearer}` } : {}),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  };
  return {
    get: (path) => send("GET", path),
    post: (path, body = {}, headers) => send("POST", path, body, headers),
    patch: (path, body) => send("PATCH", path, body),
    put: (path, body) => send("PUT", path, body),
    delete: (path, body) => send("DELETE", path, body),
  };
}

/** A signed-in owner, over the API. */
export async function ownerOf(address) {
  const answer = await caller(address).post("/api/auth/login", { email: OWNER, password: PASSWORD });
  return caller(address, answer.data.access_token);
}
