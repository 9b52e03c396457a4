import { assertEquals, assertMatch } from "@std/assert";

const LAB = new URL("../../../mod.ts", import.meta.url).href;
const CONFIG = new URL("../../../deno.json", import.meta.url).pathname;

/** Creates a machine on a bridge, and prints the result. */
const SCRIPT = `
  import { Lab } from ${JSON.stringify(LAB)};
  const lab = await Lab.create({ label: "no-tun" });
  const lan = lab.bridge("lan");
  try {
    lab.vm("nas", { bridges: [lan] });
  } catch (error) {
    console.log(error.name + ": " + error.message);
  }
  console.log(lan.members.length, lab.vms.length);
  await lab.close();
`;

Deno.test("without /dev/net/tun a machine is refused with advice, and leaves nothing", async () => {
  // An empty file system over the directory, for this command only.
  const hide = 'mount -t tmpfs none /dev/net && exec "$0" "$@"';
  const unshare = ["unshare", Deno.uid() === 0 ? "-m" : "-Urm", "sh", "-c", hide];
  const [program, ...args] = [...unshare, Deno.execPath(), "eval", "--config", CONFIG, SCRIPT];
  const { code, stdout, stderr } = await new Deno.Command(program, { args }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const said = new TextDecoder().decode(stdout).trim().split("\n");
  assertMatch(said[0], /^VmError: nas: it cannot have a NIC: .*ENOENT.*`modprobe tun`/);
  assertEquals(said.slice(1), ["0 0"]);
});
