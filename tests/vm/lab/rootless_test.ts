import { assert, assertEquals, assertMatch } from "@std/assert";
import { hasCapabilities } from "../../../native/process/capabilities.ts";
import { readFileText } from "../../../native/libc.ts";
import { cacheDirectory } from "../../../lib/files/cache.ts";
import { tinyBootFiles } from "../../../lib/vm/tiny/boot_files.ts";
import { lendPackages } from "../../native/lend_packages.ts";
import { OrdinaryUser } from "../../native/ordinary_user.ts";

const ROOT = new URL("../../../", import.meta.url);

/** Runs a machine and a device on a bridge in a user namespace; prints the result or the error. */
const SCRIPT = `
import "@netyard/netyard/rootless";
import { Lab } from "@netyard/netyard";
await using lab = await Lab.create();
const lan = lab.bridge("lan");
try {
  const vm = lab.vm("vm", { bridges: [lan] });
  const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: lan } } });
  await vm.boot();
  await vm.writeFile("/root/x", "kept");
  const pings = async () => (await vm.run("ping -c 1 -W 2 pc.lan")).ok() &&
    (await pc.command("ping", { args: ["-q", "-c", "1", "-W", "2", "vm.lan"] }).output()).success;
  const said = { before: await pings() };
  const snapshot = await vm.snapshot();
  await vm.run("rm /root/x");
  await vm.restore(snapshot);
  said.file = await vm.readTextFile("/root/x");
  said.after = await pings();
  await vm.shutdown();
  said.state = vm.state;
  console.log("SAID " + JSON.stringify(said));
} catch (error) {
  console.log("refused " + error.message);
}
`;

Deno.test("an ordinary user with access to TAPs can have machines; for others the error says why not", async () => {
  await tinyBootFiles();
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
  const cache = `${user.dir}/cache`;
  const copy = 'mkdir "$1" && cp -a "$0"/. "$1" && chmod -R a+rwX "$1"';
  const copied = await new Deno.Command("sh", { args: ["-c", copy, cacheDirectory(), cache] })
    .output();
  assert(copied.success);
  await Deno.mkdir(`${user.dir}/tmp`);
  await Deno.chmod(`${user.dir}/tmp`, 0o777);
  const env = { NETYARD_CACHE: cache, TMPDIR: `${user.dir}/tmp` };
  const script = [user.deno, "run", "-P", "--cached-only", "--no-check", "script.ts"];
  const asItIs = await user.run(script, { env });
  if (asItIs.stdout.startsWith("refused")) {
    assertMatch(asItIs.stdout, /\/dev\/net\/tun.*EACCES/);
  } else checkSaid(asItIs);

  // As root, the test creates a device file of the user in its place.
  if (!hasCapabilities() || !isRootOfTheHost()) return;
  const open =
    `mknod $0/tun c 10 200 && chmod 666 $0/tun && mount --bind $0/tun /dev/net/tun && exec "$@"`;
  const before = ["unshare", "-m", "sh", "-c", open, user.dir];
  checkSaid(await user.run(script, { before, env }));
  assertEquals([...Deno.readDirSync(`${user.dir}/tmp`)], []);
});

/** A directory in which device files can be created. */
const isRootOfTheHost = () => /^\s*0\s+0\s+4294967295\s*$/.test(readFileText("/proc/self/uid_map"));

function checkSaid({ stdout, stderr }: { stdout: string; stderr: string }): void {
  const said = /^SAID (.*)$/m.exec(stdout)?.[1];
  assert(said, stdout + stderr);
  assertEquals(JSON.parse(said), { before: true, file: "kept", after: true, state: "stopped" });
}
