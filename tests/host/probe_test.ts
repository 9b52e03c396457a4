import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { hasCapabilities } from "../../native/process/capabilities.ts";
import { checkHost, labFacts, requireLab } from "../../lib/host/probe.ts";
import { labFindings } from "../../lib/host/preflight.ts";
import type { Finding } from "../../lib/host/finding.ts";
import { OrdinaryUser } from "../native/ordinary_user.ts";

const SCRIPTS = {
  "require.ts":
    `import { requireLab } from "./lib/host/probe.ts";\nrequireLab();\nconsole.log("yes");`,
  "rootless_require.ts": `import "@netyard/netyard/rootless";\nimport "./require.ts";`,
  "check.ts": `import { checkHost } from "./lib/host/probe.ts";
    console.log(JSON.stringify(await checkHost()));`,
  "rootless_check.ts": `import "@netyard/netyard/rootless";\nimport "./check.ts";`,
};

async function createUser(): Promise<OrdinaryUser> {
  return await OrdinaryUser.create(["native", "lib/host"], SCRIPTS);
}

function byId(findings: Finding[]): Record<string, Finding> {
  return Object.fromEntries(findings.map((finding) => [finding.id, finding]));
}

/** Why no lab can be built in this process, if so: the probe's own words. */
function obstacle(): string | undefined {
  const missing = labFindings(labFacts()).find((finding) => !finding.ok);
  return missing && `${missing.title}: ${missing.detail}`;
}

Deno.test("a capable process may build labs, and the look at it is quick", () => {
  const reason = obstacle();
  if (reason) return console.log(`skipped: ${reason}`);
  requireLab();
  // The least of ten: other work on the machine only ever adds.
  const times = Array.from({ length: 10 }, () => {
    const start = performance.now();
    labFindings(labFacts());
    return performance.now() - start;
  });
  assertLess(Math.min(...times), 2);
});

Deno.test("everything is looked at, and the process stays where and as it was", async () => {
  // A process of its own: other tests open and close descriptors meanwhile.
  const script = `
    import { checkHost } from "${import.meta.resolve("../../lib/host/probe.ts")}";
    import { readLink } from "${import.meta.resolve("../../native/libc.ts")}";
    const state = () => [
      ...["net", "mnt", "pid_for_children"].map((ns) => readLink("/proc/thread-self/ns/" + ns)),
      [...Deno.readDirSync("/proc/self/fd")].length,
    ];
    await checkHost(); // opens what stays open: namespaces, libraries, Deno's own
    const before = state();
    const findings = await checkHost();
    console.log(JSON.stringify({ findings, before, after: state() }));`;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", script] }).output();
  const { findings, before, after } = JSON.parse(new TextDecoder().decode(stdout));
  assertEquals(after, before);
  const ids = findings.map((finding: Finding) => finding.id);
  for (
    const id of ["system", "privilege", "nftables-nat", "permission-run", "netem", "tun", "kvm"]
  ) {
    assert(ids.includes(id), `${id} is not among ${ids.join(", ")}`);
  }
});

Deno.test("what labs need was really tried", async () => {
  const reason = obstacle();
  if (reason) return console.log(`skipped: ${reason}`);
  const found = byId(await checkHost());
  for (const id of ["namespace-net", "namespace-pid", "nftables-nat"]) {
    assertEquals([id, found[id].ok, found[id].detail], [id, true, "works"]);
  }
});

Deno.test("an ordinary user is told to import the rootless entry", async () => {
  await using user = await createUser();
  const { code, stderr } = await user.run([user.deno, "run", "-A", "--no-check", "require.ts"]);
  assertEquals(code, 1);
  assertStringIncludes(
    stderr,
    "HostNotCapableError: no lab can be built here:\n" +
      "- root, or root in a user namespace: CAP_NET_ADMIN and CAP_SYS_ADMIN are missing. " +
      'To mend it, import "@netyard/netyard/rootless" before anything else, or run as root\n',
  );
});

Deno.test("a process without FFI is told the flag", async () => {
  await using user = await createUser();
  const { code, stderr } = await user.run([user.deno, "run", "--no-check", "require.ts"]);
  assertEquals(code, 1);
  assertStringIncludes(
    stderr,
    "- permission to call libc: not granted. To mend it, add --allow-ffi\n`netyard doctor`",
  );
});

Deno.test("an ordinary user who imports the rootless entry may build labs", async () => {
  await using user = await createUser();
  const unprivileged = await user.run([user.deno, "run", "-A", "--no-check", "check.ts"]);
  const { privilege } = byId(JSON.parse(unprivileged.stdout));
  assertEquals(privilege.ok, false);
  if (!privilege.remedy?.startsWith("import ")) return console.log(`skipped: ${privilege.detail}`);
  const nftables = byId(await checkHost()).nftables;
  if (!nftables.ok) return console.log(`skipped: ${nftables.detail}`);

  const required = await user.run([user.deno, "run", "-A", "--no-check", "rootless_require.ts"]);
  assertEquals(required.stdout, "yes\n", required.stderr);
  const checked = await user.run([user.deno, "run", "-A", "--no-check", "rootless_check.ts"]);
  const found = byId(JSON.parse(checked.stdout));
  for (const id of ["namespace-net", "namespace-pid", "namespace-mount", "nftables-nat", "ipv6"]) {
    assertEquals([id, found[id].ok, found[id].detail], [id, true, "works"]);
  }
  assertEquals(found.privilege.detail, "user namespace");
});

Deno.test("the programs of sbin are found inside, whatever the user's PATH", async () => {
  await using user = await createUser();
  const PATH = "/usr/bin:/bin";
  const outside = await user.run([user.deno, "run", "-A", "--no-check", "check.ts"], {
    env: { PATH },
  });
  const before = byId(JSON.parse(outside.stdout));
  if (!before.privilege.remedy?.startsWith("import ")) {
    return console.log(`skipped: ${before.privilege.detail}`);
  }
  const inside = await user.run([user.deno, "run", "-A", "--no-check", "rootless_check.ts"], {
    env: { PATH },
  });
  const after = byId(JSON.parse(inside.stdout));
  for (const [id, finding] of Object.entries(before)) {
    if (!id.startsWith("program-") || !finding.remedy?.startsWith("add it")) continue;
    assertEquals([id, after[id].ok], [id, true]);
  }
});

Deno.test("privilege is seen for what it is", () => {
  assertEquals(labFacts().privilege !== "none", hasCapabilities());
});
