import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { InvalidOptionError } from "../../../lib/options/parse_options.ts";
import { waitUntil } from "../../../lib/testing/wait_until.ts";
import { type BootFiles, tinyBootFiles } from "../../../lib/vm/tiny/boot_files.ts";
import { BootFilesError } from "../../../lib/vm/tiny/errors.ts";
import { reseedInput } from "../../../lib/vm/tiny/reseed_elf.ts";
import { TinyGuest } from "./tiny_guest.ts";

// One cache for all tests here, built from packages by the first test that needs it.
const cacheDir = Deno.makeTempDirSync();
addEventListener("unload", () => Deno.removeSync(cacheDir, { recursive: true }));
const lines: string[] = [];
let files: Promise<BootFiles> | undefined;
const made = () => files ??= tinyBootFiles({ cacheDir, onProgress: (line) => lines.push(line) });

Deno.test("the tiny guest is built from packages, and then found in the cache", async () => {
  const first = await made();
  assert(lines.some((line) => /^downloading linux-image-\S+ and \d+ other/.test(line)), `${lines}`);
  assertEquals([...Deno.readDirSync(join(cacheDir, "tiny"))].length, 1);
  assert(Deno.statSync(first.initrd).size < 40e6);
  assertEquals(first.arch, "x86_64");

  const before = lines.length;
  const start = performance.now();
  const again = await tinyBootFiles({ cacheDir, onProgress: (line) => lines.push(line) });
  const took = performance.now() - start;
  assertEquals(again, first);
  assertEquals(lines.length, before);
  assert(took < 50, `the cache took ${took} ms`);
});

Deno.test("a damaged initramfs is built again, with the same content", async () => {
  const { initrd, hash } = await made();
  using file = await Deno.open(initrd, { write: true });
  await file.seek(5_000_000, Deno.SeekMode.Start);
  await file.write(new TextEncoder().encode("damage"));
  const again = await tinyBootFiles({ cacheDir });
  assertEquals(again.hash, hash);
  assertEquals(again.initrd, initrd);
});

Deno.test("invalid options are refused", async () => {
  await assertRejects(
    () => tinyBootFiles({ cachedir: "/x" } as Record<string, string>),
    InvalidOptionError,
    "cacheDir",
  );
});

Deno.test("without apt the error says how to use a guest of your own", async () => {
  const directory = await Deno.makeTempDir();
  try {
    assertEquals(
      await failure([], { PATH: directory, NETYARD_CACHE: directory }),
      `${BootFilesError.name}: the profile "tiny" is built from Debian packages, and this host has ` +
        "no apt: describe a guest of your own under [profiles.NAME] in netyard.toml (kernel, " +
        "initrd, cmdline)\n",
    );
    assertEquals([...Deno.readDirSync(join(directory, "tiny"))], []);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a disk that fills up during the extraction is an error, and nothing is left on it", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const mount = 'mount -t tmpfs -o size=80m none "$0" && "$@"; ls -A "$0/tiny"';
    const before = ["unshare", Deno.uid() === 0 ? "-m" : "-Urm", "sh", "-c", mount, directory];
    assertEquals(
      await failure(before, { NETYARD_CACHE: directory }),
      `CacheError: the disk is full: ${directory}/tiny has no space left: free some ` +
        "space, or set NETYARD_CACHE to another directory\n",
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("without network the error says what failed, and how to fill the cache", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const before = ["unshare", Deno.uid() === 0 ? "-n" : "-Urn"];
    // In its own network namespace even root cannot update the package lists.
    const said = await failure([...before, "-m", "sh", "-c", READ_ONLY_LISTS], {
      NETYARD_CACHE: directory,
    });
    assert(/`apt-get -q .* download linux-image-/.test(said), said);
    assert(said.includes("run `netyard prepare` "));
    assertEquals([...Deno.readDirSync(join(directory, "tiny"))], []);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

const READ_ONLY_LISTS = "mount --bind /var/lib/apt/lists /var/lib/apt/lists && " +
  'mount -o remount,ro,bind /var/lib/apt/lists && exec "$0" "$@"';

/** Returns the error of {@linkcode tinyBootFiles} in another process, started by a command. */
async function failure(before: string[], env: Record<string, string>): Promise<string> {
  const module = JSON.stringify(
    new URL("../../../lib/vm/tiny/boot_files.ts", import.meta.url).href,
  );
  const main = `import { tinyBootFiles } from ${module};
    console.log(await tinyBootFiles().catch(String));`;
  const config = new URL("../../../deno.json", import.meta.url).pathname;
  const argv = [...before, Deno.execPath(), "eval", "--config", config, main];
  const { stdout } = await new Deno.Command(argv[0], { args: argv.slice(1), env }).output();
  return new TextDecoder().decode(stdout);
}

// One guest for three tests, of which the last ends it.
let booted: Promise<TinyGuest> | undefined;
Deno.test.afterAll(async () => {
  const guest = await booted?.catch(() => undefined);
  await guest?.[Symbol.asyncDispose]();
});

/** A test in the guest that others use as well. */
function guestTest(name: string, fn: (guest: TinyGuest) => Promise<void>): void {
  Deno.test({
    name,
    // The guest outlives the test that boots it.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => await fn(await (booted ??= made().then((files) => TinyGuest.boot(files)))),
  });
}

guestTest(
  "the guest boots to its agent, with the real network tools in its shell",
  async (guest) => {
    assertEquals(await guest.text("hostname; id -u; pwd"), "tiny\n0\n/\n");
    assertEquals((await guest.text("ip -V; tc -V; ss -V")).match(/iproute2/g)?.length, 3);
    const others = await guest.text("bridge -V; nft -v; ping -V");
    assert(/bridge utility[^]*nftables v[^]*iputils/.test(others), others);

    // v0 -- v1 in the bridge br0, over an impaired link
    const batch = `link add v0 type veth peer name v1
link add name br0 type bridge
link set v0 master br0
link set v0 up
link set br0 up
link set v1 up
address add 2001:db8::1/64 dev br0
address add 192.0.2.1/24 dev br0
`;
    await guest.text(["ip", "-batch", "-"], new TextEncoder().encode(batch));
    await guest.text("tc qdisc add dev v1 root netem delay 30ms loss 1%");
    assert(/netem .* delay 30ms loss 1%/.test(await guest.text("tc qdisc show dev v1")));
    assert((await guest.text("bridge link")).includes("master br0"));
    // Usable at once, without duplicate address detection.
    assert(!(await guest.text("ip -6 address show dev br0")).includes("tentative"));
    await guest.text("ping -c 1 -W 5 2001:db8::1");
    await guest.text("busybox ip address show dev br0 | grep -q 192.0.2.1/24");

    await guest.text(
      "nft -f -",
      new TextEncoder().encode(`table inet t {
    chain c { type nat hook postrouting priority srcnat; ip saddr 192.0.2.0/24 masquerade; }
    chain d { type filter hook input priority 0; ct state new limit rate 5/second counter reject; }
  }`),
    );
    assert((await guest.text("nft list ruleset")).includes("masquerade"));

    // Modules that are not loaded at boot are loaded on demand.
    await guest.text(
      "for kind in dummy ifb wireguard; do ip link add x type $kind && ip link del x; done",
    );
    await guest.text("ip tuntap add t0 mode tap");
    await guest.text(
      "modprobe -a overlay squashfs && grep -q overlay /proc/filesystems && losetup -f",
    );
    for (const kind of ["tbf rate 1mbit burst 10k latency 50ms", "htb", "ingress"]) {
      await guest.text(`tc qdisc replace dev t0 ${kind === "ingress" ? kind : `root ${kind}`}`);
    }
  },
);

guestTest("the guest accepts random numbers, its time, and files", async (guest) => {
  const random = crypto.getRandomValues(new Uint8Array(64));
  assertEquals(await guest.run(["/netyard/reseed"], reseedInput(random)), { code: 0, text: "" });
  assertEquals((await guest.run(["/netyard/reseed"], random)).code, 22); // too short
  assertEquals((await guest.run("chroot /root /netyard/reseed 2> /dev/null")).code, 127);
  assertEquals((await guest.text("head -c 16 /dev/urandom")).length > 0, true);

  await guest.agent("guest-set-time", { time: 1_700_000_000 * 1e9 });
  const now = Number(await guest.text("date +%s"));
  assert(now >= 1_700_000_000 && now < 1_700_000_060, `${now}`);
  await guest.text("echo hello > /tmp/x; echo hello > /etc/x; grep -q hello /tmp/x");
});

guestTest(
  "enter on the console starts a root shell, without output before",
  async (guest) => {
    const shown = guest.consoleLog().trim();
    assertEquals(shown, "Please press Enter to activate this console.");
    const path = join(guest.directory, "console");
    const conn = await Deno.connect({ transport: "unix", path });
    // Unread output blocks the guest's console after some hundred characters.
    const drained = conn.readable.pipeTo(new WritableStream()).catch(() => {});
    const type = (text: string) => conn.write(new TextEncoder().encode(text));
    await type("\n");
    await waitUntil(() => guest.consoleLog().includes("tiny:/root# "), { timeoutMs: 10_000 });
    await type("ip -V; echo uid=$(id -u)\n");
    await waitUntil(() => /iproute2[^]*uid=0/.test(guest.consoleLog()), { timeoutMs: 10_000 });
    assert(!guest.consoleLog().includes("\x1b")); // no escape sequences

    // An agent that dies is started again.
    const agent = (await guest.text("pidof qemu-ga")).trim();
    const other = '$(pidof qemu-ga | grep -vw "$old")';
    await type(
      `old=${agent}; kill $old; while [ -z "${other}" ]; do sleep 0.1; done; echo ag""ain\n`,
    );
    await waitUntil(() => guest.consoleLog().includes("\nagain"), { timeoutMs: 15_000 });
    assert((await guest.text("pidof qemu-ga")).trim() !== agent);

    // A panic is printed, and ends the machine.
    await type("echo c > /proc/sysrq-trigger\n");
    assertEquals((await guest.ended()).code, 0);
    assert(guest.consoleLog().includes("Kernel panic - not syncing"));
    await drained;
  },
);

Deno.test("hot-plugged devices come up by themselves, interfaces in the order of plugging", async () => {
  await using guest = await TinyGuest.boot(await made());
  for (const i of [0, 1]) {
    const mac = `52:54:00:00:00:0${2 - i}`; // not in the order of addresses
    await guest.qmp("netdev_add", { type: "user", id: `net${i}`, restrict: true });
    await guest.qmp("device_add", {
      driver: "virtio-net-pci",
      id: `nic${i}`,
      netdev: `net${i}`,
      bus: `port${1 - i}`,
      mac,
    });
    await waitUntil(
      async () => (await guest.run(`cat /sys/class/net/eth${i}/address`)).text === `${mac}\n`,
      { timeoutMs: 10_000, what: `eth${i}` },
    );
  }
  const image = join(guest.directory, "disk");
  await Deno.writeFile(image, new Uint8Array(1 << 20));
  await guest.qmp("blockdev-add", { driver: "file", "node-name": "disk", filename: image });
  await guest.qmp("device_add", {
    driver: "virtio-blk-pci",
    id: "disk0",
    drive: "disk",
    bus: "port2",
  });
  await waitUntil(async () => (await guest.run("test -b /dev/vda")).code === 0, {
    timeoutMs: 10_000,
    what: "/dev/vda",
  });
  await guest.text("mke2fs /dev/vda > /dev/null && mount /dev/vda /mnt && echo kept > /mnt/file");

  // The power button unmounts the disk, and kills processes that do not end.
  await guest.text("(trap '' TERM HUP; while :; do sleep 1; done) > /dev/null 2>&1 & echo started");
  await guest.qmp("system_powerdown");
  assertEquals((await guest.ended()).code, 0);
  const disk = await Deno.readFile(image);
  assert(new TextDecoder("latin1").decode(disk).includes("kept\n"));
  assertEquals(disk[1024 + 58] & 1, 1); // s_state of ext2: cleanly unmounted
  assert(!/panic|Oops/.test(guest.consoleLog()));
});

Deno.test("the agent powers the guest off", async () => {
  await using guest = await TinyGuest.boot(await made());
  await guest.tell("guest-shutdown", { mode: "powerdown" });
  assertEquals((await guest.ended()).code, 0);
});
