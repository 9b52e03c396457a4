import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { zipDirectory } from "../../lib/bundle/zip_directory.ts";
import { COMMANDS } from "../../lib/cli/commands.ts";
import { defaultPlace } from "../../lib/devtools/server/default_place.ts";
import { waitUntil } from "../../lib/testing/wait_until.ts";
import { called, fakeTools, inDirectory, runCommandBy, simulation } from "../cli/kit.ts";
import { emptyLab, runsOf, write, writeBundleFiles } from "./server_kit.ts";

const MAIN = new URL("../../lib/cli/main.ts", import.meta.url).pathname;

/** Calls a function with the address that `netyard serve` prints, and ends the command with SIGINT. */
async function serving(
  args: string[],
  options: { cwd: string; env?: Record<string, string> },
  act: (url: string) => Promise<void>,
): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", MAIN, ...args, "--bind", "127.0.0.1:0"],
    stdout: "piped",
    stderr: "piped",
    ...options,
  }).spawn();
  let output = "";
  const reading = (async () => {
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) output += part;
  })();
  const errors = new Response(child.stderr).text();
  try {
    const url = await waitUntil(() => /http:\S+/.exec(output)?.[0], {
      timeoutMs: 30_000,
      what: "the address is printed",
    });
    await act(url);
  } finally {
    child.kill("SIGINT");
    await reading;
  }
  assertEquals([(await child.status).code, await errors], [0, ""]);
}

const labelsAt = async (url: string) =>
  runsOf(await (await fetch(`${url}api/runs`)).json()).map(({ label, status }) =>
    `${label} ${status}`
  ).sort();

Deno.test("netyard serve prints where the page is, sends it, and ends with SIGINT", () =>
  inDirectory(async (root) => {
    await write(root, { "a/events.jsonl": emptyLab("a") });
    await serving(["serve", root], { cwd: root }, async (url) => {
      assertStringIncludes(await (await fetch(url)).text(), "<title>Netyard</title>");
      assertEquals(await labelsAt(url), ["a closed"]);
    });
  }));

Deno.test("netyard serve without a folder shows the bundles of failures too", () =>
  inDirectory(async (root) => {
    await write(root, { "here/runs/a/events.jsonl": emptyLab("a") });
    await writeBundleFiles(`${root}/failures/b`);
    const cwd = `${root}/here`;
    const env = { NETYARD_OUTDIR: "", NETYARD_FAILURES: `${root}/failures` };
    await serving(["serve"], { cwd, env }, async (url) => {
      assertEquals(await labelsAt(url), ["a closed", "peers meet failed"]);
    });
    await serving(["serve", "runs"], { cwd, env }, async (url) => {
      assertEquals(await labelsAt(url), ["a closed"]);
    });
  }));

Deno.test("netyard show of a zip file serves it, and leaves nothing", () =>
  inDirectory(async (root) => {
    await writeBundleFiles(`${root}/b`);
    await zipDirectory(`${root}/b`, `${root}/b.zip`);
    await Deno.mkdir(`${root}/tmp`);
    const env = { TMPDIR: `${root}/tmp` };
    await serving(["show", `${root}/b.zip`], { cwd: root, env }, async (url) => {
      assertEquals(await labelsAt(url), ["peers meet failed"]);
      assertEquals(Array.from(Deno.readDirSync(`${root}/tmp`)).length, 1);
    });
    assertEquals(Array.from(Deno.readDirSync(`${root}/tmp`)), []);
  }));

Deno.test("netyard show takes a bundle as a folder and as a zip file", () =>
  inDirectory(async (root) => {
    await writeBundleFiles(`${root}/b`);
    await zipDirectory(`${root}/b`, `${root}/b.zip`);
    const pages = [];
    for (const place of [`${root}/b`, `${root}/b.zip`]) {
      const file = `${root}/out.html`;
      const { code, stdout, stderr } = await called(COMMANDS, "show", place, "--html", file);
      assertEquals([code, stdout, stderr], [0, `${place} is in ${file}\n`, ""]);
      pages.push(await Deno.readTextFile(file));
    }
    assert(pages[0] === pages[1], "the pages differ");
  }));

Deno.test("netyard show writes one file", () =>
  inDirectory(async (root) => {
    await write(root, { "a/events.jsonl": emptyLab("a") });
    const file = `${root}/out.html`;
    const { code, stdout } = await called(COMMANDS, "show", `${root}/a`, "--html", file);
    assertEquals([code, stdout], [0, `${root}/a is in ${file}\n`]);
    assertStringIncludes(await Deno.readTextFile(file), "Content-Security-Policy");
  }));

Deno.test("wrong folders, addresses and files are refused, with what helps", () =>
  inDirectory(async (root) => {
    await write(root, { "file": "x", "empty/nothing": "" });
    const refused = async (...args: string[]) => {
      const { code, stderr } = await called(COMMANDS, ...args);
      return `${code} ${stderr.replaceAll(root, "").trim()}`;
    };
    assertEquals(await refused("serve", `${root}/none`), "2 there is no folder or zip file /none");
    assertEquals(
      await refused("show", `${root}/file`),
      "2 /file is neither a folder nor a zip file",
    );
    await Deno.writeTextFile(`${root}/no.zip`, "this is no zip file, but long enough for one");
    assertStringIncludes(await refused("show", `${root}/no.zip`), "1 /no.zip is no whole zip file");
    assertStringIncludes(await refused("serve", root, "--bind", "0.0.0.0:0"), "--token");
    assertStringIncludes(
      await refused("show", `${root}/empty`, "--html", `${root}/x.html`),
      "1 there is no run in /empty",
    );
    assertStringIncludes(
      await refused("show", root, "--html", `${root}/no/x.html`),
      "there is no directory /no",
    );
  }));

Deno.test("without a folder, the usual place of runs is served", () =>
  inDirectory(async (cwd) => {
    const place = (outDir?: string) => defaultPlace(() => outDir, cwd);
    assertEquals(await place("/elsewhere"), "/elsewhere");
    assertEquals(await place(), cwd);
    await Deno.mkdir(`${cwd}/.netyard-work`);
    assertEquals(await place(), `${cwd}/.netyard-work`);
    await Deno.mkdir(`${cwd}/runs`);
    assertEquals(await place(), cwd);
  }));

Deno.test("netyard run --open starts the page for the work directory", () =>
  inDirectory(async (workDir) => {
    const opened: string[] = [];
    const tools = fakeTools([simulation("a")], {
      openViewer: (directory) => {
        opened.push(directory);
        return Promise.resolve("NETYARD_SERVED=1");
      },
    });
    const commands = [runCommandBy(tools)];
    assertEquals((await called(commands, "run", "x.toml", "--work-dir", workDir)).code, 0);
    assertEquals(opened, []);
    assertEquals(
      (await called(commands, "run", "x.toml", "--work-dir", workDir, "--open")).code,
      0,
    );
    assertEquals(opened, [workDir]);
  }));
