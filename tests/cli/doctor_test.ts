import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { canBuildLab, renderFindings } from "../../lib/cli/doctor.ts";
import { VERSION } from "../../lib/std/version.ts";
import type { Finding } from "../../lib/host/finding.ts";
import { hostFindings } from "../../lib/host/preflight.ts";
import { findProgram } from "../../native/process/process.ts";
import { ABLE } from "../host/facts.ts";

const MAIN = new URL("../../lib/cli/main.ts", import.meta.url);

async function netyard(args: string[], permissions = ["-A"], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...permissions, "--no-check", "--no-prompt", MAIN.pathname, ...args],
    env,
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

const FINDINGS: Finding[] = [
  { id: "deno", title: "Deno 2.9 or later", ok: true, needed: "lab", detail: "2.9.6" },
  {
    id: "nftables",
    title: "nftables",
    ok: false,
    needed: "lab",
    detail: "neither is there",
    remedy: "install it",
  },
  { id: "ping", title: "ping", ok: true, needed: "feature", detail: "/bin/ping", feature: "tools" },
  {
    id: "netem",
    title: "sch_netem",
    ok: false,
    needed: "feature",
    detail: "not tried, since something else is missing",
    feature: "links",
  },
  { id: "ip", title: "ip", ok: true, needed: "feature", detail: "/sbin/ip", feature: "tools" },
];

Deno.test("findings are grouped, one per line, with the remedy below a missing one", () => {
  assertEquals(
    renderFindings(FINDINGS, false),
    `For a lab
  ok       Deno 2.9 or later: 2.9.6
  missing  nftables: neither is there
           -> install it

By feature
  tools
    ok       ping: /bin/ping
    ok       ip: /sbin/ip
  links
    unknown  sch_netem: not tried, since something else is missing

No lab can be built on this host.`,
  );
});

Deno.test("colours change no text", () => {
  const colored = renderFindings(FINDINGS, true);
  assertStringIncludes(colored, "\x1b[32mok     \x1b[39m  Deno");
  assertStringIncludes(colored, "\x1b[31mmissing\x1b[39m  nftables");
  assertStringIncludes(colored, "\x1b[33munknown\x1b[39m  sch_netem");
  // deno-lint-ignore no-control-regex
  assertEquals(colored.replace(/\x1b\[\d+m/g, ""), renderFindings(FINDINGS, false));
});

Deno.test("a lab can be built if only features are missing", () => {
  assertEquals(canBuildLab(FINDINGS), false);
  assertEquals(canBuildLab(FINDINGS.filter((finding) => finding.id !== "nftables")), true);
  assertStringIncludes(
    renderFindings(hostFindings(ABLE), false),
    "Labs can be built on this host.",
  );
});

Deno.test("doctor's exit code, its text and its JSON agree", async () => {
  const text = await netyard(["doctor"]);
  const json = await netyard(["doctor", "--json"]);
  const { ok, findings } = JSON.parse(json.stdout) as { ok: boolean; findings: Finding[] };
  assertEquals([text.code, json.code], ok ? [0, 0] : [1, 1]);
  assertEquals(canBuildLab(findings), ok);
  assertEquals(text.stdout, renderFindings(findings, false) + "\n");
});

Deno.test("doctor reports whether the boot files of tiny are built, and how to build them", async () => {
  const cache = await Deno.makeTempDir();
  try {
    const lines = (await netyard(["doctor"], ["-A"], { NETYARD_CACHE: cache })).stdout.split("\n");
    const at = lines.indexOf('    missing  boot files of the profile "tiny": not built yet');
    assertStringIncludes(lines[at + 1], "run `netyard prepare` once");
    assertEquals([...Deno.readDirSync(cache)].filter(({ name }) => name === "tiny"), []);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
});

Deno.test("doctor without permissions fails with the flags to add", async () => {
  const { code, stdout } = await netyard(["doctor"], []);
  assertEquals(code, 1);
  for (const flag of ["ffi", "run", "read", "write", "env", "net", "sys"]) {
    assertStringIncludes(stdout, `-> add --allow-${flag}\n`);
  }
});

Deno.test("doctor colours a terminal, and not with NO_COLOR", async () => {
  if (!findProgram("script")) return console.log("skipped: script(1) is not on PATH");
  const onTerminal = async (env: Record<string, string>) => {
    // script(1) gives the command a terminal; -e passes its exit code.
    const command = `'${Deno.execPath()}' run --no-check '${MAIN.pathname}' doctor`;
    const { stdout } = await new Deno.Command("script", {
      args: ["-qec", command, "/dev/null"],
      stdin: "null",
      env: { TERM: "xterm", DENO_NO_PROMPT: "1", ...env },
    }).output();
    return new TextDecoder().decode(stdout);
  };
  const colored = await onTerminal({ NO_COLOR: "" });
  assertStringIncludes(colored, "\x1b[1mFor a lab\x1b[22m");
  const plain = await onTerminal({ NO_COLOR: "1" });
  assertStringIncludes(plain, "For a lab");
  assert(!plain.includes("\x1b["), plain);
});

Deno.test("netyard prints its version, which is that of deno.json", async () => {
  const manifest = await Deno.readTextFile(new URL("../../deno.json", import.meta.url));
  assertEquals(JSON.parse(manifest).version, VERSION);
  for (const flag of ["--version", "-V"]) {
    const { code, stdout } = await netyard([flag]);
    assertEquals([code, stdout], [0, `netyard ${VERSION}\n`]);
  }
});

Deno.test("help goes to the standard output with exit code 0", async () => {
  for (const args of [["--help"], ["-h"]]) {
    const { code, stdout } = await netyard(args);
    assertEquals(code, 0);
    assertMatch(stdout, /^ {2}doctor {2,}check what this host can do/m);
  }
  const { code, stdout } = await netyard(["doctor", "--help"]);
  assertEquals(code, 0);
  assertStringIncludes(stdout, "Usage: netyard doctor [options]");
});

Deno.test("an unknown command or option is refused with exit code 2 and a hint", async () => {
  for (
    const [args, message] of [
      [["frobnicate"], 'netyard has no command "frobnicate"; it has: '],
      [["toString"], 'netyard has no command "toString"'],
      [["--frob"], "netyard does not know the option --frob"],
      [[], "netyard needs a command"],
      [["doctor", "--frob"], "netyard doctor does not know --frob"],
      [["doctor", "please"], "netyard doctor does not know please"],
    ] as [string[], string][]
  ) {
    const { code, stdout, stderr } = await netyard(args);
    assertEquals([code, stdout], [2, ""]);
    assertStringIncludes(stderr, message);
    assertMatch(stderr, /\nSee `netyard (doctor )?--help`\.\n$/);
  }
});
