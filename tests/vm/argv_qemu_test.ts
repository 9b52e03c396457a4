// The real QEMU takes the command lines. No guest runs: the machines wait, and are told to quit.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Namespace } from "../../native/namespace.ts";
import { closeFd } from "../../native/libc.ts";
import { findProgram } from "../../native/process.ts";
import { keepTap, openTap } from "../../native/tap.ts";
import { labFacts } from "../../lib/host/probe.ts";
import { qemuCommand } from "../../lib/vm/argv.ts";
import { driveParts, nicParts, slotPlace } from "../../lib/vm/devices.ts";
import type { MachineSpec } from "../../lib/vm/machine_spec.ts";
import { PLAIN } from "./argv_cases.ts";

const DEADLINE_MS = 20_000;
const unable = findProgram("qemu-system-x86_64") ? undefined : "QEMU is not on PATH";

/** A client of a machine's QMP socket. */
class Qmp {
  #reader: ReadableStreamDefaultReader<string>;
  #conn: Deno.Conn;
  #rest = "";

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
    this.#reader = conn.readable.pipeThrough(new TextDecoderStream()).getReader();
  }

  async #line(): Promise<Record<string, unknown>> {
    while (!this.#rest.includes("\n")) {
      const { value, done } = await this.#reader.read();
      if (done) throw new Error("QEMU closed QMP");
      this.#rest += value;
    }
    const end = this.#rest.indexOf("\n");
    const line = this.#rest.slice(0, end);
    this.#rest = this.#rest.slice(end + 1);
    return JSON.parse(line);
  }

  /** The answer to a command; events are passed over. */
  async call(execute: string, args: Record<string, unknown> = {}): Promise<unknown> {
    const command = new TextEncoder().encode(JSON.stringify({ execute, arguments: args }) + "\n");
    await this.#conn.write(command);
    for (;;) {
      const answer = await this.#line();
      if ("error" in answer) throw new Error(`${execute}: ${JSON.stringify(answer.error)}`);
      if ("return" in answer) return answer.return;
    }
  }

  async close(): Promise<void> {
    await this.#reader.cancel().catch(() => {}); // QEMU was the first to close
  }
}

/** What a test has of a machine that waits. */
interface Waiting {
  qmp: Qmp;
  directory: string;
}

/** Starts a machine, has QMP asked, and tells it to quit. */
async function withMachine(
  differ: (directory: string) => Partial<MachineSpec>,
  ask: (waiting: Waiting) => Promise<void>,
  namespace?: Namespace,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const { program, args } = qemuCommand({
    ...PLAIN,
    kernel: undefined,
    initrd: undefined,
    cmdline: undefined,
    memoryBytes: 64 * 2 ** 20,
    sockets: {
      qmp: `${directory}/qmp`,
      agent: `${directory}/agent`,
      console: `${directory}/console`,
    },
    ...differ(directory),
  });
  // A file without a name as descriptor 9, for those whose memory it is.
  const script = 'exec 9<>"$0/memory"; rm "$0/memory"; exec "$@"';
  const start = () =>
    new Deno.Command("sh", {
      args: ["-c", script, directory, program, ...args, ...args.includes("-S") ? [] : ["-S"]],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  const child = namespace ? namespace.enter(start) : start();
  const output = child.output();
  const ended = output.then(({ stderr }) => {
    throw new Error(`QEMU ended: ${new TextDecoder().decode(stderr)}`);
  });
  ended.catch(() => {});
  const timer = setTimeout(() => child.kill("SIGKILL"), DEADLINE_MS);
  try {
    const qmp = new Qmp(await Promise.race([connected(`${directory}/qmp`), ended]));
    await qmp.call("qmp_capabilities");
    await ask({ qmp, directory });
    await qmp.call("quit");
    const { code, stderr } = await output;
    assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
    await qmp.close();
  } finally {
    clearTimeout(timer);
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await output;
    await Deno.remove(directory, { recursive: true });
  }
}

async function connected(path: string): Promise<Deno.Conn> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    try {
      return await Deno.connect({ transport: "unix", path });
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5)); // until QEMU listens
    }
  }
}

async function statusOf(qmp: Qmp): Promise<unknown> {
  return (await qmp.call("query-status") as { status: unknown }).status;
}

Deno.test("QEMU takes a plain machine, and it has its slots", async () => {
  if (unable) return console.log(`skipped: ${unable}`);
  await withMachine(() => ({ hotplugSlots: 16 }), async ({ qmp }) => {
    assertEquals(await statusOf(qmp), "prelaunch");
    assertEquals(await qmp.call("query-name"), { name: "nas" });
    const pci = JSON.stringify(await qmp.call("query-pci"));
    for (let slot = 0; slot < 16; slot++) assertStringIncludes(pci, `"qdev_id":"hp${slot}"`);
  });
});

Deno.test("QEMU takes as many slots and fixed drives as there can be", async () => {
  if (unable) return console.log(`skipped: ${unable}`);
  const many = (directory: string): Partial<MachineSpec> => {
    Deno.writeFileSync(`${directory}/disk`, new Uint8Array(1 << 20));
    const path = `${directory}/disk`;
    const drives = Array.from(
      { length: 19 },
      (_, i) => ({ id: `d${i}`, path, format: "raw", readOnly: true }) as const,
    );
    return { hotplugSlots: 64, drives };
  };
  await withMachine(many, async ({ qmp }) => {
    const pci = JSON.stringify(await qmp.call("query-pci"));
    for (const id of ["hp63", "d18", "serial", "rng", "pvpanic"]) {
      assertStringIncludes(pci, `"qdev_id":"${id}"`);
    }
  });
});

Deno.test("QEMU takes disks whose paths have commas, with errors to make up", async () => {
  if (unable) return console.log(`skipped: ${unable}`);
  const disks = (directory: string): Partial<MachineSpec> => {
    const path = `${directory}/a, b,,c`;
    Deno.writeFileSync(path, new Uint8Array(1 << 20));
    const sockets = {
      qmp: `${directory}/qmp`,
      agent: `${directory}/a,gent`,
      console: `${directory}/console`,
    };
    const faults = [{ event: "write_aio", sector: 8, once: true }];
    const id = "a-disk-of-24-characters-";
    return { sockets, drives: [{ id, path, format: "raw", readOnly: false, faults }] };
  };
  await withMachine(disks, async ({ qmp, directory }) => {
    const [block] = await qmp.call("query-block") as { inserted: { file: string } }[];
    assertStringIncludes(JSON.stringify(block.inserted), "a, b,,c");
    assert((await Deno.stat(`${directory}/a,gent`)).isSocket);
  });
});

Deno.test("a disk that is plugged in later has the parts of one on the command line", async () => {
  if (unable) return console.log(`skipped: ${unable}`);
  await withMachine(() => ({}), async ({ qmp, directory }) => {
    const path = `${directory}/disk`;
    await Deno.writeFile(path, new Uint8Array(1 << 20));
    const drive = { id: "data", path, format: "raw", readOnly: false, faults: [] } as const;
    const { blockdevs, device } = driveParts(drive, slotPlace(1));
    for (const blockdev of blockdevs) await qmp.call("blockdev-add", blockdev);
    await qmp.call("device_add", device);
    const plugged = { path: "/machine/peripheral/data", property: "drive" };
    assertEquals(await qmp.call("qom-get", plugged), "disk-data");
  });
});

Deno.test("a machine waits to be restored, its memory a file without a name", async () => {
  if (unable) return console.log(`skipped: ${unable}`);
  for (const memoryShared of [true, false]) {
    const memory = { incoming: true, memoryPath: "/proc/self/fd/9", memoryShared };
    await withMachine(() => memory, async ({ qmp }) => {
      assertEquals(await statusOf(qmp), "inmigrate");
      const [ram] = await qmp.call("query-memdev") as { size: number; share: boolean }[];
      assertEquals([ram.size, ram.share], [64 * 2 ** 20, memoryShared]);
    });
  }
});

Deno.test("a card is the same from the command line and plugged in", async () => {
  if (unable) return console.log(`skipped: ${unable}`);
  if (labFacts().privilege === "none") return console.log("skipped: this takes a namespace");
  using namespace = Namespace.create();
  const taps = namespace.enter(() => [openTap("t0", 100), openTap("t1", 101)]);
  // QEMU opens each itself, and a TAP takes one at a time: it is kept by being persistent.
  namespace.enter(() => taps.forEach(keepTap));
  taps.forEach(closeFd);
  const first = { id: "lan", tap: "t0", mac: "52:54:00:12:34:56", slot: 0 };
  const second = { id: "dmz", tap: "t1", mac: "52:54:00:12:34:57", slot: 1 };
  await withMachine(() => ({ nics: [first] }), async ({ qmp }) => {
    const { netdev, device } = nicParts(second);
    await qmp.call("netdev_add", netdev);
    await qmp.call("device_add", device);
    for (const { id, mac } of [first, second]) {
      const path = `/machine/peripheral/${id}`;
      assertEquals(await qmp.call("qom-get", { path, property: "mac" }), mac);
    }
    await qmp.call("set_link", { name: "lan", up: false });
  }, namespace);
});
