import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync, constants as zlib } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The pages by the beginning of their addresses, as in `src/routes.tsx`: those that are looked at first, and often. */
const PRELOADED: Record<string, string> = {
  "/": "src/pages/overview/index.tsx",
  "/usage": "src/pages/usage/index.tsx",
  "/keys": "src/pages/keys/index.tsx",
  "/webhooks": "src/pages/webhooks/index.tsx",
  "/users": "src/pages/users/index.tsx",
  "/projects": "src/pages/projects/index.tsx",
};
const EARLY = "src/auth/early.ts";
const MAIN = "src/main.tsx";

/**
 * Many small files take longer than one: what most pages use goes together, and so does the page of keys. Nothing that the first files need may be
 * named here: they would then need the file that needs them.
 */
const TOGETHER: [name: string, modules: RegExp][] = [
  [
    "keys",
    /\/pages\/keys\/(index|KeysPanel|columns|focus|GenerateButton|KeyMenu|later|LimitNote|model|ShowAgain|use|useKeyActions)\.tsx?$/,
  ],
  ["keys", /\/strings\/keys\.ts$/],
  [
    "parts",
    /\/src\/(api\/(client|hooks|idempotency)|ui\/(DataTable|EmptyState|Page|password|StatusBadge|Timestamp)|shell\/Entrance)\./,
  ],
  [
    "parts",
    /\/@mantine\/core\/.*\/(ActionIcon|Anchor|Badge|DirectionProvider|Paper|Skeleton|Tabs|ThemeIcon|VisuallyHidden)\//,
  ],
  [
    "parts",
    /\/@tanstack\/.*\/(queryObserver|infiniteQueryObserver|mutationObserver|useBaseQuery|useQuery|useMutation|useInfiniteQuery)\.js$/,
  ],
  ["parts", /\/openapi-fetch\/|\/Icon(Dots|InfoCircle|Inbox|Plus)\.mjs$/],
];

type Chunks = Record<string, { moduleIds?: string[]; facadeModuleId?: string | null; imports?: string[] }>;

/** The file that holds a module, and all that it imports. */
function filesOf(bundle: Chunks, module: string): string[] {
  const found = new Set<string>();
  const visit = (file: string) => {
    if (found.has(file)) return;
    found.add(file);
    for (const next of bundle[file]?.imports ?? []) visit(next);
  };
  for (const [file, { moduleIds }] of Object.entries(bundle)) if (moduleIds?.includes(here(`./${module}`))) visit(file);
  if (found.size === 0) throw new Error(`${module} is in no file`);
  return [...found];
}

/**
 * Puts two scripts in front of the page's own: one that chooses light or dark before the first paint and preloads what the address needs, as a
 * file, since the policy has no inline scripts; and the module that goes on with the session.
 */
function start(): Plugin {
  const source = readFileSync(here("./src/theme/start.js"), "utf8");
  let fileName = "";
  let early = "";
  return {
    name: "start",
    apply: "build",
    generateBundle(_, bundle) {
      const chunks = bundle as unknown as Chunks;
      // The page asks for these by itself.
      const known = new Set(filesOf(chunks, MAIN));
      const names: string[] = [];
      const pages = Object.entries(PRELOADED).map(([path, module]) => {
        const files = filesOf(chunks, module).filter((file) => !known.has(file));
        for (const file of files) if (!names.includes(file)) names.push(file);
        return [path, files.map((file) => names.indexOf(file))];
      });
      const font = Object.keys(bundle).find((file) => file.includes("inter-latin-wght-normal")) ?? "";
      if (!font) throw new Error("the page has no type of its own");
      const text = source
        .replace("__FONT__", JSON.stringify(font.slice("assets/".length)))
        .replace("__FILES__", JSON.stringify(names.map((file) => file.slice("assets/".length))))
        .replace("__PAGES__", JSON.stringify(Object.fromEntries(pages)));
      fileName = `assets/start-${createHash("sha256").update(text).digest("base64url").slice(0, 8)}.js`;
      early = Object.keys(chunks).find((file) => chunks[file]?.facadeModuleId === here(`./${EARLY}`)) ?? "";
      this.emitFile({ type: "asset", fileName, source: text });
    },
    transformIndexHtml: () => [
      {
        tag: "script",
        attrs: { type: "module", async: true, crossorigin: true, src: `/${early}` },
        injectTo: "head-prepend",
      },
      { tag: "script", attrs: { src: `/${fileName}` }, injectTo: "head" },
    ],
  };
}

/** Compresses at build time what the server would otherwise compress for each browser anew. */
function precompress(): Plugin {
  return {
    name: "precompress",
    apply: "build",
    closeBundle() {
      const folder = here("./dist/assets/");
      for (const name of readdirSync(folder).filter((file) => /\.(js|css|svg)$/.test(file))) {
        const bytes = readFileSync(folder + name);
        writeFileSync(`${folder + name}.gz`, gzipSync(bytes, { level: 9 }));
        writeFileSync(
          `${folder + name}.br`,
          brotliCompressSync(bytes, { params: { [zlib.BROTLI_PARAM_QUALITY]: 11 } }),
        );
      }
    },
  };
}

const api = ["/api", "/v1", "/management", "/docs", "/openapi.json", "/readyz"];

export default defineConfig({
  plugins: [react(), start(), precompress()],
  resolve: { alias: { "@": here("./src") } },
  // The server replaces the word in each answer.
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    manifest: true,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    // One file of styles: the parts are small, and each would be a request.
    cssCodeSplit: false,
    rollupOptions: {
      // A browser fetches six files at a time, so what is very small goes with another file. Pages keep their own.
      input: { index: here("./index.html"), early: here(`./${EARLY}`) },
      output: {
        experimentalMinChunkSize: 1000,
        onlyExplicitManualChunks: true,
        manualChunks: (id) => TOGETHER.find(([, modules]) => modules.test(id))?.[0],
      },
    },
  },
  server: { proxy: Object.fromEntries(api.map((path) => [path, { target: "http://127.0.0.1:8080" }])) },
});
