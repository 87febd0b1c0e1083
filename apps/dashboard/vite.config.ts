import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync, constants as zlib } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Puts the script that chooses light or dark before the first paint into the page: as a file, since the policy has no inline scripts. */
function colorScheme(): Plugin {
  const source = readFileSync(here("./src/theme/color-scheme.js"), "utf8");
  const hash = createHash("sha256").update(source).digest("base64url").slice(0, 8);
  const fileName = `assets/color-scheme-${hash}.js`;
  return {
    name: "color-scheme",
    apply: "build",
    generateBundle() {
      this.emitFile({ type: "asset", fileName, source });
    },
    transformIndexHtml: () => [{ tag: "script", attrs: { src: `/${fileName}` }, injectTo: "head" }],
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

const SHARED =
  /\/node_modules\/(@mantine\/(core|form|hooks)|@floating-ui|@tabler|react-remove-scroll)\/|\/src\/(api|auth|ui)\//;
const ENTRY = ["src/main.tsx", "src/pages/sign-in/index.tsx"].map(here);
const early = new Set<string>();

/**
 * Puts what only the pages of signed-in people import into one file, as far as the imports tell: a library's index imports all of it. A browser
 * fetches six files at a time, so what is small goes with another file as well (`experimentalMinChunkSize`).
 */
function kit(
  id: string,
  { getModuleInfo }: { getModuleInfo: (id: string) => { importedIds: readonly string[] } | null },
) {
  const visit = (each: string) => {
    if (early.has(each)) return;
    early.add(each);
    for (const next of getModuleInfo(each)?.importedIds ?? []) visit(next);
  };
  for (const each of ENTRY) visit(each);
  return SHARED.test(id) && !early.has(id) && !id.endsWith(".css") ? "kit" : undefined;
}

const api = ["/api", "/v1", "/management", "/docs", "/openapi.json", "/readyz"];

export default defineConfig({
  plugins: [react(), colorScheme(), precompress()],
  resolve: { alias: { "@": here("./src") } },
  // The server replaces the word in each answer.
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    manifest: true,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    rollupOptions: {
      output: { experimentalMinChunkSize: 20_000, manualChunks: kit, onlyExplicitManualChunks: true },
    },
  },
  server: { proxy: Object.fromEntries(api.map((path) => [path, { target: "http://127.0.0.1:8080" }])) },
});
