import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Obstacle } from "../../native/process/userns.ts";
import { OrdinaryUser, type Outcome } from "./ordinary_user.ts";

/** Prints the identity and the permissions of the process on one line. */
const REPORT = `
import { hasCapabilities } from "./native/process/capabilities.ts";
import { readLink } from "./native/libc.ts";
import { getLink, readLinkState } from "./native/netlink/link.ts";
import { rtnetlink } from "./native/netlink/socket.ts";
import { processArguments, processEnvironment } from "./native/process/process.ts";

const permission = (name: "net" | "run" | "read" | "env" | "ffi") =>
  Deno.permissions.querySync({ name }).state;
console.log(JSON.stringify({
  pid: Deno.pid,
  args: Deno.args,
  rawArgs: processArguments(),
  environment: processEnvironment(),
  cwd: readLink("/proc/self/cwd"),
  net: permission("net"),
  run: permission("run"),
  read: permission("read"),
  env: permission("env"),
  ffi: permission("ffi"),
  capable: hasCapabilities(),
  loopbackUp: readLinkState(rtnetlink((batch) => getLink(batch, 1))[0]).up,
  network: readLink("/proc/self/ns/net"),
}));
`;

const TEST_FILE = `
import "@netyard/netyard/rootless";
import { hasCapabilities } from "./native/process/capabilities.ts";
console.log("loaded " + import.meta.url.split("/").at(-1));
Deno.test("it is root", () => {
  if (!hasCapabilities()) throw new Error("not root");
});
`;

/** Test files for one parallel run. */
export const PARALLEL = Array.from({ length: 8 }, (_, i) => `p${i}_test.ts`);

/** The scripts, by name. */
export const FILES = {
  "report.ts": `import "@netyard/netyard/rootless";\n${REPORT}`,
  "exit.ts": `import "@netyard/netyard/rootless";\nDeno.exit(42);`,
  "echo.ts":
    `import "@netyard/netyard/rootless";\nawait Deno.stdin.readable.pipeTo(Deno.stdout.writable);`,
  "wait.ts":
    `import "@netyard/netyard/rootless";\nconsole.log("ready");\nsetInterval(() => {}, 1000);`,
  "user.ts": `import "@netyard/netyard/rootless";
    const { stdout } = await new Deno.Command("id", { args: ["-u"] }).output();
    await Deno.stdout.write(stdout);`,
  "worker.ts": `import "@netyard/netyard/rootless";\npostMessage("imported");\nself.close();`,
  "worker_of_root.ts": `import "@netyard/netyard/rootless";\nimport "./start_worker.ts";`,
  "start_worker.ts": `
    const worker = new Worker(import.meta.resolve("./worker.ts"), {
      type: "module",
      deno: { permissions: "WORKER_PERMISSIONS" === "none" ? "none" : "inherit" },
    });
    worker.onmessage = (e) => console.log(e.data);`,
  "obstacle.ts": `import { findUsernsObstacle } from "./native/process/reexec.ts";
    console.log(JSON.stringify(findUsernsObstacle() ?? null));`,
  "good_test.ts": TEST_FILE,
  "bad_test.ts": `${TEST_FILE}\nDeno.test("it fails", () => { throw new Error("no"); });`,
  ...Object.fromEntries(PARALLEL.map((name) => [name, TEST_FILE])),
};

/** An ordinary user with the scripts. */
export async function createUser(): Promise<OrdinaryUser> {
  return await OrdinaryUser.create(["native"], {
    ...FILES,
    "start_worker_bare.ts": FILES["start_worker.ts"].replace("WORKER_PERMISSIONS", "none"),
    "worker_of_root_bare.ts": FILES["worker_of_root.ts"].replace(
      "start_worker",
      "start_worker_bare",
    ),
  });
}

/**
 * A test of what happens to an ordinary user. Where the host does not let one
 * be root in a user namespace, every script must fail with the error that says so.
 */
export function rootlessTest(
  name: string,
  command: (user: OrdinaryUser) => Promise<Outcome>,
  check: (outcome: Outcome, user: OrdinaryUser) => void,
): void {
  Deno.test(name, async () => {
    await using user = await createUser();
    const obstacle = await obstacleOf(user);
    const outcome = await command(user);
    if (!obstacle) return check(outcome, user);
    console.log(`no user namespaces here, so the error is checked: ${obstacle.cause}`);
    assertEquals(outcome.code, 1, outcome.stderr);
    const said = outcome.stderr + outcome.stdout;
    // Without --allow-run there is no trial, and a refusal without a sysctl is that of unshare.
    if (said.startsWith("unshare: ")) return;
    assertStringIncludes(said, obstacle.cause);
    assertStringIncludes(said, obstacle.remedy);
  });
}

/** The obstacle that Netyard finds for this user. */
export async function obstacleOf(user: OrdinaryUser): Promise<Obstacle | null> {
  const { code, stdout, stderr } = await user.run([
    user.deno,
    "run",
    "-A",
    "--no-check",
    "obstacle.ts",
  ]);
  assertEquals(code, 0, stderr);
  return JSON.parse(stdout);
}
