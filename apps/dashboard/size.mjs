// Fails when the sign-in page would make a browser fetch too much script before it can be used.
import { existsSync, readFileSync, statSync } from "node:fs";

const LIMIT = 300_000;
const dist = new URL("./dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));
const seen = new Set();
function visit(name) {
  const chunk = manifest[name];
  if (!chunk || seen.has(chunk.file)) return;
  seen.add(chunk.file);
  for (const next of chunk.imports ?? []) visit(next);
}
visit("index.html");
visit("src/pages/sign-in/index.tsx");
const page = readFileSync(new URL("index.html", dist), "utf8");
for (const [, file] of page.matchAll(/<script src="\/([^"]+)"/g)) seen.add(file);

let total = 0;
for (const file of [...seen].filter((f) => f.endsWith(".js"))) {
  const packed = new URL(`${file}.br`, dist);
  const bytes = statSync(existsSync(packed) ? packed : new URL(file, dist)).size;
  total += bytes;
  console.log(`${String(bytes).padStart(8)}  ${file}`);
}
console.log(`${String(total).padStart(8)}  compressed script of the sign-in page; the limit is ${LIMIT}`);
if (!seen.size || total >= LIMIT) process.exit(1);
