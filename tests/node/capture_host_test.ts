import { assertEquals, assertStringIncludes } from "@std/assert";
import { waitUntil } from "@netyard/netyard/testing";
import { findProgram, SYSTEM_DIRECTORIES } from "../../native/process/process.ts";
import { lendPackages } from "../native/lend_packages.ts";
import { OrdinaryUser } from "../native/ordinary_user.ts";
import { Lab } from "@netyard/netyard";
import { pair, TextReader } from "./fixtures/topology.ts";

const ROOT = new URL("../../", import.meta.url);
const CONFIG = new URL("deno.json", ROOT).pathname;

/** Processes with a text in their command line. */
async function commandLines(tag: string): Promise<string[]> {
  // A process may end while it is looked at.
  const script = "for f in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$f; echo; done";
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script], stderr: "null" })
    .output();
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line.includes(tag));
}

Deno.test("kill -9 of the script ends its captures", async () => {
  for (let round = 0; round < 5; round++) {
    const tag = String(20_000 + (Deno.pid * 5 + round) % 40_000);
    const filter = `icmp or port ${tag}`;
    const script = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--no-check", "--config", CONFIG],
        ...[new URL("./capture_kill_main.ts", import.meta.url).pathname, tag],
      ],
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const output = new TextReader(script.stdout);
    await output.until(/captures/);
    assertEquals((await commandLines(filter)).length, 2);
    script.kill("SIGKILL");
    await script.status;
    await output.rest();
    await waitUntil(async () => (await commandLines(filter)).length === 0, {
      what: "every tcpdump of the script to end",
    });
  }
});

/** Captures a ping, and prints the result. */
const SCRIPT = `
import "@netyard/netyard/rootless";
import { CaptureError, Lab, PcapReader } from "@netyard/netyard";
await using lab = await Lab.create();
const dc = await lab.addRouter("dc");
const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: dc } } });
try {
  for (let round = 0; round < 10; round++) {
    const capture = await pc.capture("eth0", { filter: "icmp" });
    await pc.$\`ping -c 1 \${lab.ix.ip}\`.quiet();
    await capture.close();
    console.log("packets", new PcapReader().feed(await capture.drain(0)).length);
  }
} catch (error) {
  if (!(error instanceof CaptureError)) throw error;
  console.log(error.message);
}
`;
const TEN_PINGS = "packets 2\n".repeat(10);

Deno.test("an ordinary user captures as root does", async () => {
  const files = await Promise.all(
    ["deno.json", "deno.lock", "mod.ts"].map(async (name) =>
      [name, await Deno.readTextFile(new URL(name, ROOT))] as const
    ),
  );
  await using user = await OrdinaryUser.create(["native", "lib"], {
    ...Object.fromEntries(files),
    "script.ts": SCRIPT,
  });
  await lendPackages(`${user.dir}/.deno`);
  const { code, stdout, stderr } = await user.run(
    [user.deno, "run", "-P", "--cached-only", "--no-check", "script.ts"],
  );
  assertEquals([code, stdout], [0, TEN_PINGS], stderr);
});

Deno.test("without tcpdump, a capture says what to install", async () => {
  if (findProgram("tcpdump", [...SYSTEM_DIRECTORIES])) {
    return console.log("skipped: tcpdump is found here whatever PATH says");
  }
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/script.ts`, SCRIPT.replace(/^import.*rootless.*$/m, ""));
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--config", CONFIG, `${dir}/script.ts`],
      env: { PATH: dir },
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    assertStringIncludes(
      new TextDecoder().decode(stdout),
      "capture of pc eth0: captures need tcpdump, which is not on this host; install it: ",
    );
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("packets are not for the log of the node, which is text", async () => {
  const outDir = await Deno.makeTempDir();
  try {
    await using lab = await Lab.create({ outDir });
    const { laptop, server } = await pair(lab);
    await using capture = await laptop.capture("eth0", { filter: "icmp" });
    await laptop.command("ping", { args: ["-c", "1", server.ip!], stdout: "piped" }).output();
    await capture.close();
    assertEquals(capture.packetCount, 2);
    const logs = await logsOf(outDir, "stdout.log");
    assertStringIncludes(logs, "1 packets transmitted");
    assertEquals(logs.includes("\0"), false);
    assertEquals(await logsOf(outDir, "stderr.log"), "");
  } finally {
    await Deno.remove(outDir, { recursive: true });
  }
});

/** The contents of all files of a name. */
async function logsOf(dir: string, name: string): Promise<string> {
  let all = "";
  for await (const entry of Deno.readDir(dir)) {
    const path = `${dir}/${entry.name}`;
    if (entry.isDirectory) all += await logsOf(path, name);
    else if (entry.name === name) all += await Deno.readTextFile(path);
  }
  return all;
}
