import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { findProgram } from "../../../native/process/process.ts";
import { NetyardError } from "../../../native/error.ts";
import { agentFiles } from "../../../lib/vm/image/agent_files.ts";
import { FatError, fatVolume } from "../../../lib/vm/image/fat.ts";
import { readCpio } from "../../../lib/vm/tiny/cpio.ts";
import { seedDisk, seedFiles } from "../../../lib/vm/image/seed.ts";
import { cpio } from "../../../lib/vm/tiny/cpio.ts";
import { tinyBootFiles } from "../../../lib/vm/tiny/boot_files.ts";
import { imageProfile, Lab } from "@netyard/netyard";

const unable = !findProgram("qemu-system-x86_64") || !findProgram("qemu-img");
const noMtools = !findProgram("mcopy");
const decoder = new TextDecoder();
const encoder = new TextEncoder();

async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir());
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function run(program: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    env: { MTOOLSRC: "/dev/null" },
  }).output();
  assert(success, `${program}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

const SEED = { instanceId: "netyard-1", hostname: "db", userData: "#cloud-config\nhello: 1\n" };

Deno.test("a seed has the guest's identity, the user data, and disables the network of cloud-init", () => {
  const files = seedFiles({ ...SEED, agent: [{ name: "qemu-ga", data: encoder.encode("agent") }] });
  const text = files.map(({ name, data }) => `==> ${name}\n${decoder.decode(data)}`).join("\n");
  const golden = new URL("golden/seed.txt", import.meta.url);
  if (Deno.env.get("NETYARD_UPDATE")) Deno.writeTextFileSync(golden, text);
  assertEquals(text, Deno.readTextFileSync(golden));
  assertEquals(seedFiles(SEED).map(({ name }) => name), [
    "meta-data",
    "user-data",
    "network-config",
  ]);
});

Deno.test({
  name: "another program reads the seed with its label, its names and its content",
  ignore: noMtools,
  async fn() {
    await inDirectory(async (directory) => {
      const data = crypto.getRandomValues(new Uint8Array(60_000));
      const big = new Uint8Array(3_000_000).map((_, i) => data[i % data.length] ^ (i >> 9));
      const name = "a name of more than thirteen characters.so.2";
      const agent = [{ name, data: big }, { name: "exactly-13-ch", data }, {
        name: "empty",
        data: new Uint8Array(),
      }];
      const image = `${directory}/seed.img`;
      await Deno.writeFile(image, seedDisk({ ...SEED, agent }));
      assertStringIncludes(await run("mlabel", "-s", "-i", image, "::"), "CIDATA");
      const listed = await run("mdir", "-b", "-i", image, "::");
      assertEquals(listed.trim().split("\n"), [
        "::/meta-data",
        "::/user-data",
        "::/network-config",
        "::/vendor-data",
        ...agent.map(({ name }) => `::/${name}`),
      ]);
      assertEquals(await run("mtype", "-i", image, "::/user-data"), SEED.userData);
      for (const { name, data } of agent) {
        await run("mcopy", "-n", "-i", image, `::/${name}`, `${directory}/copy`);
        assertEquals(await Deno.readFile(`${directory}/copy`), data);
        await Deno.remove(`${directory}/copy`);
      }
      const fsck = findProgram("fsck.vfat", ["/usr/sbin", "/sbin"]);
      if (fsck) await run(fsck, "-n", image);
    });
  },
});

Deno.test("files that do not fit on a volume are refused", () => {
  const data = new Uint8Array(34_000_000);
  assertThrows(
    () => fatVolume("X", [{ name: "a", data }]),
    FatError,
    "do not fit on a FAT16 volume",
  );
  const many = Array.from(
    { length: 200 },
    (_, i) => ({ name: `file-number-${i}`, data: encoder.encode("x") }),
  );
  assertThrows(() => fatVolume("X", many), FatError, "do not fit into the root directory");
});

Deno.test("an archive is read as it was written", () => {
  const file = (path: string, text: string) => ({
    path,
    mode: 0o100644,
    data: encoder.encode(text),
  });
  const archive = cpio([
    { path: "etc", mode: 0o040755 },
    file("etc/a", "1"),
    { path: "etc/b", mode: 0o120777, data: encoder.encode("a") },
    file("etc/c", ""),
    file("etc/d", "12345"),
  ]);
  const read = [...readCpio(archive)].map(([path, data]) => [path, decoder.decode(data)]);
  assertEquals(read, [["etc/a", "1"], ["etc/c", ""], ["etc/d", "12345"]]);
});

Deno.test({
  name: "the agent of a seed runs by its own loader and libraries",
  ignore: unable || Deno.build.arch !== "x86_64",
  async fn() {
    const { initrd } = await tinyBootFiles();
    await inDirectory(async (directory) => {
      for (const { name, data } of agentFiles(await Deno.readFile(initrd))) {
        await Deno.writeFile(`${directory}/${name}`, data, { mode: 0o755 });
      }
      const version = await run(
        `${directory}/ld.so`,
        "--library-path",
        directory,
        `${directory}/qemu-ga`,
        "--version",
      );
      assertStringIncludes(version, "QEMU Guest Agent");
      const maps = await run(
        `${directory}/ld.so`,
        "--library-path",
        directory,
        "--list",
        `${directory}/qemu-ga`,
      );
      for (const line of maps.trim().split("\n")) {
        assert(/linux-vdso|ld-linux|\/ld\.so/.test(line) || line.includes(directory), line);
      }
    });
  },
});

Deno.test({
  name: "images that do not exist, have another format or need other files are refused",
  ignore: unable,
  async fn() {
    await inDirectory(async (directory) => {
      const at = (name: string) => `${directory}/${name}`;
      await run("qemu-img", "create", "-q", "-f", "qcow2", at("base.qcow2"), "1M");
      await run(
        "qemu-img",
        "create",
        "-q",
        "-f",
        "qcow2",
        "-b",
        at("base.qcow2"),
        "-F",
        "qcow2",
        at("over.qcow2"),
      );
      await run(
        "qemu-img",
        "create",
        "-q",
        "-f",
        "qcow2",
        "-o",
        `data_file=${at("d.raw")}`,
        at("data.qcow2"),
        "1M",
      );
      await Deno.writeFile(at("raw"), new Uint8Array(2 ** 20));
      await using lab = await Lab.create();
      const refused = async (
        name: string,
        path: string,
        format: "qcow2" | undefined,
        message: string,
      ) => {
        const vm = lab.vm(name, { profile: imageProfile({ path, format, agent: false }) });
        const error = await assertRejects(() => vm.boot(), NetyardError);
        assertStringIncludes(
          (error as Error).message,
          `imageProfile(): ${path}: ${message}`,
        );
        assertEquals(vm.state, "defined");
      };
      await refused("a", at("none"), undefined, "there is no such file");
      await refused("b", directory, undefined, "it is not a file");
      await refused("c", at("over.qcow2"), undefined, "it has a backing file");
      await refused("d", at("data.qcow2"), undefined, "it keeps its data in another file");
      await refused("e", at("raw"), "qcow2", "it is not a qcow2 image");
    });
    assertThrows(
      () => imageProfile({ path: "x", user: "y" } as unknown as { path: string }),
      NetyardError,
      'imageProfile(): unknown option "user"; did you mean "userData"?',
    );
  },
});

/** A boot sector that prints a message on the first serial port, and halts. */
function bootSector(message: string): Uint8Array {
  const sector = new Uint8Array(2 ** 20);
  // xor ax,ax; mov ds,ax; mov si,message; next: lodsb; test al,al; jz stop; mov dx,0x3f8; out dx,al;
  // jmp next; stop: hlt; jmp stop
  // deno-fmt-ignore
  sector.set([
    0x31, 0xc0, 0x8e, 0xd8, 0xbe, 0x15, 0x7c, 0xac, 0x84, 0xc0, 0x74, 0x06, 0xba, 0xf8, 0x03, 0xee,
    0xeb, 0xf5, 0xf4, 0xeb, 0xfd,
  ]);
  sector.set(encoder.encode(`${message}\0`), 21);
  sector.set([0x55, 0xaa], 510);
  return sector;
}

Deno.test({
  name: "an image boots with the firmware; without an agent the error shows the console",
  ignore: unable,
  async fn() {
    await inDirectory(async (directory) => {
      const path = `${directory}/disk.img`;
      await Deno.writeFile(path, bootSector("the disk has booted\r\n"));
      await using lab = await Lab.create();
      const profile = imageProfile({ path, memory: "64M", agentTimeout: "1s" });
      const vm = lab.vm("db", { profile });
      const error = await assertRejects(() => vm.boot(), NetyardError);
      const { message } = error as Error;
      assert(
        /^db: boot: no agent of the guest answered within \d+ ms: cloud-init must/.test(message),
      );
      assertStringIncludes(message, "(package qemu-guest-agent)");
      assertStringIncludes(message, "the console's last lines:\nthe disk has booted");
      assertEquals(vm.state, "defined");
    });
  },
});
