import { assert, assertRejects } from "@std/assert";
import { Lab } from "@netyard/netyard";

Deno.test("closing a lab ends its processes, threads and descriptors, whatever they do", async () => {
  const script = new URL("./close_main.ts", import.meta.url).pathname;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script],
  }).output();
  assert(success, new TextDecoder().decode(stderr));
});

Deno.test("a lab closes after a failed build", async () => {
  const lab = await Lab.create();
  await assertRejects(() => lab.addDevice("d", { interfaces: { eth0: { gateway: "nowhere" } } }));
  await lab.addRouter("dc");
  await lab.close();
});
