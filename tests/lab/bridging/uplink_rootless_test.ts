import { assertEquals, assertMatch } from "@std/assert";
import { Lab } from "@netyard/netyard";
import { findProgram, SYSTEM_DIRECTORIES } from "../../../native/process/process.ts";
import { lendPackages } from "../../native/lend_packages.ts";
import { OrdinaryUser } from "../../native/ordinary_user.ts";
import { greet } from "../kit.ts";

const ROOT = new URL("../../../", import.meta.url);

const SCRIPT = `
import "@netyard/netyard/rootless";
import { Lab } from "@netyard/netyard";
import { seenBy } from "./kit.ts";

const [ip, port, udpPort] = Deno.args;
await using lab = await Lab.create();
const lan = lab.bridge("lan");
const a = await lab.addDevice("a", { interfaces: { eth0: { gateway: lan } } });
await lan.enableUplink();
const { ip: byUdp } = await a.probeUdpMapping({ ip, port: Number(udpPort) });
console.log(await seenBy(a, ip, Number(port)), byUdp);
await lan.disableUplink();
`;

/** Makes /dev/net/tun accessible to ordinary users in a mount namespace, as distributions do. */
const WITH_TUN = "mount -t tmpfs -o dev,mode=755 tun /mnt; mknod /mnt/tun c 10 200; " +
  'chmod 666 /mnt/tun; mount --bind /mnt/tun /dev/net/tun; exec "$@"';

const isRoot = Deno.uid() === 0;
const hasPasta = findProgram("pasta", ["/usr/bin", ...SYSTEM_DIRECTORIES]) !== undefined;

// ix -- dc -- server, ix -- isp -- host: the script runs in host
Deno.test({
  name: "the uplink of an ordinary user needs a network; pasta provides one",
  ignore: !isRoot || !hasPasta,
  async fn() {
    await using lab = await Lab.create({ label: "site" });
    const [dc, isp] = [await lab.addRouter("dc"), await lab.addRouter("isp")];
    const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
    const host = await lab.addDevice("host", { interfaces: { eth0: { gateway: isp } } });
    await using web = greet(server, server.ip!);
    await using reflector = await server.spawnReflector({ ip: server.ip! });
    const names = ["deno.json", "deno.lock", "mod.ts"];
    const files = Object.fromEntries(
      await Promise.all(
        names.map(async (name) => [name, await Deno.readTextFile(new URL(name, ROOT))] as const),
      ),
    );
    await using user = await OrdinaryUser.create(["native", "lib"], {
      ...files,
      "kit.ts": await Deno.readTextFile(new URL("../kit.ts", import.meta.url)),
      "script.ts": SCRIPT,
    });
    await lendPackages(`${user.dir}/.deno`);
    const run = async (...before: string[]) => {
      const { code, stdout, stderr } = await host.command("unshare", {
        args: [
          ...["--mount", "sh", "-ec", WITH_TUN, "sh"],
          ...["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"],
          ...["env", "-i", `HOME=${user.dir}`, `DENO_DIR=${user.dir}/.deno`, "NO_COLOR=1"],
          ...["PATH=/usr/local/bin:/usr/bin:/bin", "timeout", "-k", "1", "30"],
          ...[...before, user.deno, "run", "-A", "--cached-only", "--no-check"],
          ...[`${user.dir}/script.ts`, server.ip!, web.port, reflector.address.port].map(String),
        ],
        cwd: user.dir,
        stdin: "null",
      }).output();
      const decoder = new TextDecoder();
      return { code, out: decoder.decode(stdout).trim(), err: decoder.decode(stderr) };
    };
    const alone = await run();
    assertEquals(alone.code, 1);
    assertMatch(alone.err, /UplinkError: bridge "lan".*ordinary user.*pasta --config-net/);
    const led = await run("pasta", "--config-net", "--", "unshare", "--mount-proc", "--");
    assertEquals(led.out, `${host.ip} ${host.ip}`, led.err);
    assertEquals(led.code, 0);
  },
});
