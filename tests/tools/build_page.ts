// Builds the page of the devtools: one HTML file with its script and styles, from lib/devtools/ui.
//
// Usage: deno task page
//
// esbuild bundles it. The packages are those of deno.lock, from Deno's cache, so that the same sources
// always make the same page: a test compares it with the one that is checked in.
import * as esbuild from "esbuild";

const ROOT = new URL("../../", import.meta.url);
const UI = new URL("lib/devtools/ui/", ROOT);

/** The built page. */
export const PAGE_FILE = new URL("lib/devtools/page/page.html", ROOT);

/** Schemas are deferred, and the page parses none: their packages are left out. */
const DEFERRED = /^import defer \* as (\w+) from .*$/gm;

/** The style sheets, in the order in which later rules replace earlier ones. */
const STYLES = [
  ...["base", "controls", "frame", "runs", "lists", "logs"],
  ...["topology", "time", "timeline", "packets", "ladder", "results", "errors", "narrow"],
];

/** Builds the page and returns its HTML. */
export async function buildPage(): Promise<string> {
  const modules = await Deno.makeTempDir({ prefix: "netyard-page-" });
  try {
    const sheets = STYLES.map((name) => Deno.readTextFile(new URL(`style/${name}.css`, UI)));
    const style = (await Promise.all(sheets)).join("\n");
    const { css } = await linkPackages(modules);
    const sheet = await esbuild.transform(`${css}\n${style}`, { loader: "css", minify: true });
    const script = await bundle(modules);
    return html(script, sheet.code.trim());
  } finally {
    await esbuild.stop();
    await Deno.remove(modules, { recursive: true });
  }
}

async function bundle(modules: string): Promise<string> {
  const { outputFiles } = await esbuild.build({
    entryPoints: [new URL("main.tsx", UI).pathname],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    jsx: "automatic",
    jsxImportSource: "preact",
    nodePaths: [modules],
    tsconfigRaw: {},
    plugins: [{
      name: "deferred",
      setup(build) {
        build.onLoad({ filter: /\/lib\/events\/.*\.ts$/ }, async ({ path }) => ({
          contents: (await Deno.readTextFile(path)).replace(
            DEFERRED,
            "const $1 = undefined as any;",
          ),
          loader: "ts",
        }));
      },
    }],
  });
  return outputFiles[0].text.trim();
}

interface Info {
  npmPackages: Record<string, { name: string; version: string }>;
}

/** Links the packages that the page imports into a folder, where esbuild finds them by name. */
async function linkPackages(folder: string): Promise<{ css: string }> {
  const main = new URL("main.tsx", UI).pathname;
  const info = await deno<Info>("info", "--json", main);
  const { npmCache } = await deno<{ npmCache: string }>("info", "--json");
  for (const { name, version } of Object.values(info.npmPackages)) {
    const path = `${folder}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.symlink(`${npmCache}/registry.npmjs.org/${name}/${version}`, path).catch((error) => {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    });
  }
  return { css: await Deno.readTextFile(`${folder}/uplot/dist/uPlot.min.css`) };
}

async function deno<T>(...args: string[]): Promise<T> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT })
    .output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

function html(script: string, style: string): string {
  // Nothing in the script may end its element.
  const safe = script.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Netyard</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<div id="app"></div>
<noscript>This page needs JavaScript.</noscript>
<script id="netyard-data" type="text/plain"></script>
<script>${safe}</script>
</body>
</html>
`;
}

if (import.meta.main) {
  const page = await buildPage();
  await Deno.writeTextFile(PAGE_FILE, page);
  console.log(`${PAGE_FILE.pathname}: ${(page.length / 1000).toFixed(0)} kB`);
}
