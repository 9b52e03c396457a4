import { assert, assertEquals, assertMatch } from "@std/assert";
import { hasCapabilities } from "../../native/process/capabilities.ts";
import { readFileText } from "../../native/libc.ts";
import { lendPackages } from "../native/lend_packages.ts";
import { OrdinaryUser } from "../native/ordinary_user.ts";

const ROOT = new URL("../../", import.meta.url);

/** Sets a condition, and prints the result of a ping, or why it cannot be set. */
const SCRIPT = `
import "@netyard/netyard/rootless";
import { EmulatorError, Lab } from "@netyard/netyard";
await using lab = await Lab.create({ linkEngine: "emulator" });
const dc = await lab.addRouter("dc");
const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: dc } } });
try {
  await pc.interface("eth0").setCondition({ latencyMs: 20 });
  const out = await pc.$\`ping -q -n -c 3 -i 0.05 \${lab.ix.ip}\`.text();
  console.log("RTT", Number(/= ([\\d.]+)/.exec(out)[1]));
} catch (error) {
  if (!(error instanceof EmulatorError)) throw error;
  console.log("refused", error.message);
}
`;

async function createUser(): Promise<OrdinaryUser> {
  const files = await Promise.all(
    ["deno.json", "deno.lock", "mod.ts"].map(async (name) =>
      [name, await Deno.readTextFile(new URL(name, ROOT))] as const
    ),
  );
  const user = await OrdinaryUser.create(["native", "lib"], {
    ...Object.fromEntries(files),
    "script.ts": SCRIPT,
  });
  await lendPackages(`${user.dir}/.deno`);
  return user;
}

Deno.test("the emulator works for an ordinary user who may make TAPs, and others get an error", async () => {
  await using user = await createUser();
  const script = [user.deno, "run", "-P", "--cached-only", "--no-check", "script.ts"];
  const asItIs = await user.run(script);
  assertEquals(asItIs.code, 0, asItIs.stderr);
  if (asItIs.stdout.startsWith("refused")) {
    assertMatch(asItIs.stdout, /\/dev\/net\/tun.*EACCES.*chmod 0666 \/dev\/net\/tun/);
  } else checkRoundTrip(asItIs.stdout);

  // As root, the test gives the user another device in its place.
  if (!hasCapabilities() || !isRootOfTheHost()) return;
  const open =
    `mknod $0/tun c 10 200 && chmod 666 $0/tun && mount --bind $0/tun /dev/net/tun && exec "$@"`;
  const before = ["unshare", "-m", "sh", "-c", open, user.dir];
  const { code, stdout, stderr } = await user.run(script, { before });
  assertEquals(code, 0, stderr);
  checkRoundTrip(stdout);
});

/** The only place where device files may be made. */
const isRootOfTheHost = () => /^\s*0\s+0\s+4294967295\s*$/.test(readFileText("/proc/self/uid_map"));

function checkRoundTrip(stdout: string): void {
  const [, rtt] = /^RTT ([\d.]+)$/m.exec(stdout) ?? [];
  assert(Number(rtt) >= 40 && Number(rtt) < 60, stdout);
}
