import { assert, assertEquals } from "@std/assert";
import { type Device, Lab } from "@netyard/netyard";
import { duidOf, type Lease } from "../../lib/dhcp6/mod.ts";
import { RequestingSide } from "../../lib/dhcp6/requesting_router.ts";
import { findProgram, searchPath } from "../../native/process/process.ts";

const SYSTEM = ["/usr/sbin", "/sbin"];
const program = (name: string) => findProgram(name, [...searchPath(), ...SYSTEM]);
const ignore = (name: string, of: string) => {
  const missing = program(name) === undefined;
  if (missing) console.log(`not run, for ${name} is not here: install ${of}`);
  return missing;
};

/** A directory for the files of a daemon, removed with the test. */
function directory() {
  const path = Deno.makeTempDirSync({ prefix: "netyard-dhcp6-" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

Deno.test({
  name: "ISC's dhclient is given a prefix by a router of a lab, extends it, and gives it back",
  ignore: ignore("dhclient", "isc-dhcp-client"),
  async fn() {
    using files = directory();
    await using lab = await Lab.create();
    const isp = await lab.addRouter("isp", {
      prefixDelegation: { pool: "2001:db8:4000::/56", preferredSecs: 4, validSecs: 60 },
    });
    const box = await lab.addDevice("box", { interfaces: { eth0: { gateway: isp } } });
    const at = (name: string) => `${files.path}/${name}`;
    Deno.writeTextFileSync(at("conf"), "");
    Deno.writeTextFileSync(at("leases"), "");
    Deno.writeTextFileSync(at("said"), "");
    Deno.writeTextFileSync(
      at("script"),
      `#!/bin/sh\necho "$reason $old_ip6_prefix $new_ip6_prefix" >>${at("said")}\n`,
      { mode: 0o755 },
    );
    const run = (...args: string[]) =>
      box.command(program("dhclient")!, {
        args: [
          ...["-6", "-P", "-cf", at("conf"), "-lf", at("leases"), "-pf", at("pid")],
          ...["-sf", at("script"), ...args, "eth0"],
        ],
        stdin: "null",
        stdout: "null",
        stderr: "null",
      });
    const said = () => {
      const text = Deno.readTextFileSync(at("said"));
      return text.trim().split("\n").map((line) => line.trim().replace(/ +/g, " "));
    };
    using daemon = stopping(run("-d").spawn());
    await until(() => said().some((line) => line.startsWith("RENEW6")), said);
    assertEquals(said().slice(0, 3), [
      "PREINIT6",
      "BOUND6 2001:db8:4000::/56",
      "RENEW6 2001:db8:4000::/56 2001:db8:4000::/56",
    ]);
    daemon.kill();
    assert((await run("-r", "-d").output()).success);
    // It is free: who comes next is given the same.
    const home = await lab.addRouter("home", { upstream: isp, prefixDelegation: true });
    assertEquals(home.delegatedPrefix, "2001:db8:4000::/56");
  },
});

Deno.test({
  name: "a client of ours is given a prefix by Kea, extends it, and gives it back",
  ignore: ignore("kea-dhcp6", "kea-dhcp6-server"),
  async fn() {
    using files = directory();
    await using lab = await Lab.create();
    const bridge = lab.bridge("wan");
    const kea = await lab.addDevice("kea", { interfaces: { eth0: { gateway: bridge } } });
    const box = await lab.addDevice("box", { interfaces: { eth0: { gateway: bridge } } });
    const config = {
      Dhcp6: {
        // Else it would write it to a place of the host's.
        "server-id": { type: "LL", persist: false },
        "interfaces-config": { interfaces: ["eth0"] },
        "lease-database": { type: "memfile", persist: false },
        subnet6: [{
          subnet: bridgeNetwork(kea),
          interface: "eth0",
          "pd-pools": [{ prefix: "2001:db8:4000::", "prefix-len": 40, "delegated-len": 56 }],
        }],
        loggers: [{ name: "kea-dhcp6", output_options: [{ output: "stdout" }], severity: "INFO" }],
      },
    };
    Deno.writeTextFileSync(`${files.path}/kea.json`, JSON.stringify(config));
    const child = kea.command(program("kea-dhcp6")!, {
      args: ["-c", `${files.path}/kea.json`],
      env: { KEA_LOCKFILE_DIR: files.path, KEA_PIDFILE_DIR: files.path },
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    using _daemon = stopping(child);
    const log = lines(child.stdout);
    await until(() => log().some((line) => line.includes("DHCP6_STARTED")), log);
    const { mac } = box.interface("eth0");
    const side = new RequestingSide({
      name: "box",
      enter: (fn) => box.runSync(fn),
      index: box.runSync(() => 2),
      mac,
      length: 60,
      random: Math.random,
      happened: () => {},
    });
    const shown = ({ prefix, validSecs }: Lease) => [String(prefix), validSecs];
    try {
      assertEquals(shown(await side.start(10_000)), ["2001:db8:4000::/56", 7200]);
      assertEquals(shown(await side.renew(10_000)), ["2001:db8:4000::/56", 7200]);
      await side.release(5_000);
      assertEquals(side.lease, undefined);
      const hex = [...duidOf(mac)].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
      await until(
        () => log().some((line) => /RELEASE_PD\b/.test(line) && line.includes(hex)),
        log,
      );
    } finally {
      await side.close();
    }
  },
});

function bridgeNetwork(device: Device): string {
  return `${device.ip6!.replace(/::.*/, "::")}/64`;
}

/** A process that ends with the test. */
function stopping(child: Deno.ChildProcess) {
  const kill = () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
  };
  return { kill, [Symbol.dispose]: kill };
}

/** The lines printed so far. */
function lines(stream: ReadableStream<Uint8Array>): () => string[] {
  let text = "";
  void (async () => {
    for await (const chunk of stream.pipeThrough(new TextDecoderStream() as never)) text += chunk;
  })().catch(() => {});
  return () => text.split("\n");
}

async function until(done: () => boolean, saw: () => unknown): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!done()) {
    if (performance.now() > deadline) throw new Error(JSON.stringify(saw()));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
