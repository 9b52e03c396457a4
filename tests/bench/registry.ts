import { importsOf } from "../house/layers.ts";
import { readHouse, readImportMap, ROOT } from "../house/read_house.ts";

/** A registry on loopback that serves Netyard in the way of JSR. */
export interface Registry extends AsyncDisposable {
  /** The value of `JSR_URL` for a process that is to use it. */
  url: string;
}

/** Serves the package as it is in this checkout, until it is disposed of. */
export async function serveNetyard(): Promise<Registry> {
  const files = await registryFiles();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const path = new URL(request.url).pathname;
    const content = files.get(path);
    if (content === undefined) return new Response(null, { status: 404 });
    // From another type than this one, Deno would not read TypeScript.
    const type = path.endsWith(".ts") ? "application/typescript" : "application/json";
    return new Response(content, { headers: { "content-type": type } });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** The files of the registry by their paths: of the package, and what describes it and its version. */
async function registryFiles(): Promise<Map<string, string>> {
  const { name, version, exports } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  const imports = await readImportMap();
  const files = new Map<string, string>();
  const manifest: Record<string, { size: number; checksum: string }> = {};
  for (const [path, source] of await readHouse()) {
    const published = withoutImportMap(path, source, imports);
    const bytes = new TextEncoder().encode(published);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    manifest[`/${path}`] = { size: bytes.length, checksum: `sha256-${digest}` };
    files.set(`/${name}/${version}/${path}`, published);
  }
  files.set(`/${name}/meta.json`, JSON.stringify({ latest: version, versions: { [version]: {} } }));
  files.set(`/${name}/${version}_meta.json`, JSON.stringify({ manifest, exports }));
  return files;
}

/** The source with what the import map says in place of its names, as `deno publish` writes it. */
export function withoutImportMap(
  path: string,
  source: string,
  imports: Readonly<Record<string, string>>,
): string {
  const published = (specifier: string) => {
    const target = imports[specifier];
    const steps = "../".repeat(path.split("/").length - 1) || "./";
    return target?.startsWith("./") ? steps + target.slice(2) : target ?? specifier;
  };
  const lines = source.split("\n");
  for (const { specifier, line } of importsOf(source)) {
    lines[line - 1] = lines[line - 1].replace(`"${specifier}"`, `"${published(specifier)}"`);
  }
  return lines.map((line) =>
    line.replace(/^\/\/ @ts-types="(.+)"$/, (_, types) => `// @ts-types="${published(types)}"`)
  ).join("\n");
}
