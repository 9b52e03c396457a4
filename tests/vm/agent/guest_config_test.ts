import { assertEquals } from "@std/assert";
import { type GuestConfig, guestParts, guestScript } from "../../../lib/vm/agent/guest_config.ts";

const CONFIG: GuestConfig = {
  hostname: "nas",
  hosts: "127.0.0.1\tlocalhost\n10.0.1.3\tlaptop.home\n",
  resolvConf: "nameserver 10.0.1.1\n",
  nics: [
    {
      name: "eth0",
      mac: "02:00:00:00:00:01",
      mtu: 1500,
      addresses: ["10.0.1.2/24", "fd10:0:1::2/64", "fe80::ff:fe00:1/64"],
      gateways: ["10.0.1.1", "fe80::1"],
    },
    { name: "eth1", mac: "02:00:00:00:00:02", mtu: 1400, addresses: [], gateways: [] },
  ],
};

Deno.test("the scripts set a guest's name, hosts, addresses and routes", async () => {
  const golden = new URL("golden/guest_config.sh", import.meta.url);
  const script = guestScript(guestParts(CONFIG).values(), { ip: "busybox ip" });
  if (Deno.env.get("NETYARD_WRITE_GOLDEN")) await Deno.writeTextFile(golden, script);
  assertEquals(script, await Deno.readTextFile(golden));
});

Deno.test("sh accepts the script, also with text that would end a here-document", async () => {
  const hosts = "END\n10.0.0.1\t$(reboot) `reboot`\nEND_\n";
  const parts = guestParts({ ...CONFIG, hosts, nics: [] });
  const script = guestScript(parts.values(), { ip: "ip" });
  // Only the paths of its files are replaced.
  const directory = await Deno.makeTempDir();
  try {
    const aside = script.replaceAll("/etc/", `${directory}/`)
      .replace(/^hostname .*$/m, "");
    const { success, stderr } = await new Deno.Command("sh", {
      args: ["-c", aside],
      stderr: "piped",
    }).output();
    assertEquals(new TextDecoder().decode(stderr), "");
    assertEquals(success, true);
    assertEquals(await Deno.readTextFile(`${directory}/hosts`), hosts);
    assertEquals(await Deno.readTextFile(`${directory}/resolv.conf`), CONFIG.resolvConf);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("the part of an interface changes with that interface alone", () => {
  const changed = structuredClone(CONFIG);
  changed.nics[0].addresses = ["10.0.1.9/24"];
  const [before, after] = [guestParts(CONFIG), guestParts(changed)];
  const different = [...after.keys()].filter((key) => before.get(key) !== after.get(key));
  assertEquals([...after.keys()], ["names", "eth0", "eth1"]);
  assertEquals(different, ["eth0"]);
});
