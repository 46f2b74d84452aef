/** How the UI is built: hashed files below `assets/`, each with its compressed twins, and a shell that names them relatively. */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const PRESSED = /\.(html|js|css|svg|json)$/;
/** The server that `npm run dev` sends requests on to. */
const SERVER = process.env["REFOLD_SERVER"] ?? "http://127.0.0.1:8080";

/** Puts what has to be there before the first frame into the shell: the theme as a blocking script, and the font of the text. */
function shell(): Plugin {
  return {
    name: "refold-shell",
    transformIndexHtml: {
      order: "post",
      handler(_, { bundle }) {
        if (bundle === undefined) return [{ tag: "script", attrs: { type: "module", src: "/src/look/theme.ts" }, injectTo: "head-prepend" }];
        const names = Object.keys(bundle);
        const theme = names.find((name) => /^assets\/theme-[^/]*\.js$/.test(name));
        const font = names.find((name) => /^assets\/inter-latin-wght-normal-[^/]*\.woff2$/.test(name));
        if (theme === undefined || font === undefined) throw new Error(`the build lacks its theme or its font: ${names.join(", ")}`);
        return [
          { tag: "script", attrs: { src: `./${theme}` }, injectTo: "head-prepend" },
          { tag: "link", attrs: { rel: "preload", as: "font", type: "font/woff2", href: `./${font}`, crossorigin: true }, injectTo: "head" },
        ];
      },
    },
  };
}

/** Compresses each file once, as well as can be: `NAME.br`, `NAME.gz` where that is smaller. */
function press(): Plugin {
  return {
    name: "refold-press",
    apply: "build",
    writeBundle({ dir }) {
      if (dir === undefined) return;
      for (const name of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
        if (!PRESSED.test(name)) continue;
        const content = readFileSync(join(dir, name));
        const br = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } });
        const gz = gzipSync(content, { level: 9 });
        if (br.length < content.length) writeFileSync(join(dir, `${name}.br`), br);
        if (gz.length < content.length) writeFileSync(join(dir, `${name}.gz`), gz);
      }
    },
  };
}

const WORKER = /new URL\("(\.\/[\w-]+\.worker\.ts)", import\.meta\.url\)/g;

/** A worker is built with the pages, so that what both need is loaded once; Vite alone makes a bundle of each, with a copy of all. */
function workers(): Plugin {
  return {
    name: "refold-workers",
    apply: "build",
    enforce: "pre",
    transform(code, id) {
      if (!id.includes("/src/") || !WORKER.test(code)) return null;
      return code.replaceAll(WORKER, (_, file: string) => {
        const reference = this.emitFile({ type: "chunk", id: join(dirname(id), file), name: basename(file, ".ts") });
        return `import.meta.ROLLUP_FILE_URL_${reference}`;
      });
    },
  };
}

/** A page's chunk is called as its folder is. */
function chunkName({ facadeModuleId }: { facadeModuleId?: string | null }): string {
  const page = facadeModuleId?.match(/\/src\/pages\/([\w-]+)\/page\.tsx$/)?.[1];
  return page === undefined ? "assets/[name]-[hash].js" : `assets/page-${page}-[hash].js`;
}

interface Modules {
  getModuleInfo(id: string): { readonly importedIds: readonly string[] } | null;
}

/**
 * What stands around every page is two files: libraries, which stay the same over most upgrades, and what is ours.
 * Left to itself, each part of it that some page needs too becomes a file of its own, and the first page weighs more with every page that is added.
 */
function around(): { readonly name: (id: string, modules: Modules) => string | null; readonly priority: number }[] {
  let needed: Set<string> | undefined;
  const isNeeded = (id: string, modules: Modules) => (needed ??= neededBy(join(import.meta.dirname, "src/main.tsx"), modules)).has(id);
  return [
    { name: (id, modules) => (isNeeded(id, modules) && /[\\/]node_modules[\\/]/.test(id) ? "libraries" : null), priority: 2 },
    { name: (id, modules) => (isNeeded(id, modules) ? "frame" : null), priority: 1 },
  ];
}

/** What is imported by a module at once, by what it imports, and so on: nothing that is loaded when somebody looks at it. */
function neededBy(entry: string, modules: Modules): Set<string> {
  const found = new Set([entry]);
  for (const id of found) for (const one of modules.getModuleInfo(id)?.importedIds ?? []) found.add(one);
  return found;
}

/** Short names of CSS classes that hang on nothing but where they are written. */
function className(name: string, file: string): string {
  const place = file.slice(file.lastIndexOf("/src/")).replace(/\?.*$/, "");
  return `${name}_${createHash("sha256").update(place + name).digest("base64url").slice(0, 5)}`;
}

export default defineConfig({
  base: "./",
  plugins: [react(), workers(), shell(), press()],
  css: { modules: { generateScopedName: className } },
  build: {
    target: "es2023",
    outDir: process.env["REFOLD_UI_OUT"] ?? "../api/static",
    emptyOutDir: true,
    assetsInlineLimit: 0, // the policy of the page takes no fonts out of `data:`
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { index: "index.html", theme: "src/look/theme.ts" }, output: { chunkFileNames: chunkName, codeSplitting: { groups: around() } } },
    chunkSizeWarningLimit: 700,
  },
  server: {
    port: 5173,
    proxy: Object.fromEntries(
      ["/v1", "/health", "/metrics", "/openapi.json"].map((path) => [path, { target: SERVER, ws: path === "/v1", changeOrigin: true, rewriteWsOrigin: true }]),
    ),
  },
  test: { environment: "node", include: ["src/**/*.test.ts"], testTimeout: 60_000, isolate: false }, // busy machines are no failure; pure parts share a process
} as Parameters<typeof defineConfig>[0]);
