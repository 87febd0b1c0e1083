// Fails when the sign-in page would make a browser fetch too much script before it can be used, or when styles of Mantine's are missing.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";

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
for (const entry of ["index.html", "src/auth/early.ts", "src/pages/sign-in/index.tsx"]) {
  if (!manifest[entry]) throw new Error(`${entry} has no file of its own`);
  visit(entry);
}
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

// A component of Mantine's names its classes in its script. `src/theme/mantine.ts` has to bring the file in which they are.
const assets = new URL("assets/", dist);
const built = (kind) =>
  readdirSync(assets)
    .filter((file) => file.endsWith(kind))
    .map((file) => readFileSync(new URL(file, assets), "utf8"))
    .join("\n");
const classes = (text) => new Set(text.match(/\bm_[0-9a-f]{6,8}\b/g));
const styles = new URL("./node_modules/@mantine/core/styles/", import.meta.url);
const present = classes(built(".css"));
const used = classes(built(".js"));
const missing = readdirSync(styles)
  .filter((file) => file.endsWith(".css") && !file.endsWith(".layer.css"))
  .filter((file) =>
    [...classes(readFileSync(new URL(file, styles), "utf8"))].some((each) => used.has(each) && !present.has(each)),
  );
if (missing.length > 0) {
  console.error(`src/theme/mantine.ts lacks ${missing.join(", ")}`);
  process.exit(1);
}
