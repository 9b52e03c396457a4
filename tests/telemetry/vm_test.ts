import { assertEquals } from "@std/assert";
import { type Custom, recorded } from "./kit.ts";

Deno.test("programs of a virtual machine report events: by run(), by spawn(), and on the console", async () => {
  const { custom } = await recorded(async (lab) => {
    const vm = lab.vm("nas", { bridges: [lab.bridge("lan")] });
    await vm.boot();
    const both = `echo '{"event":"Ran","n":1}'; printf '{"event":"RanToo"}' >&2`;
    assertEquals((await vm.run(both)).stdout, '{"event":"Ran","n":1}\n');
    await using process = await vm.spawn(`printf '{"event":'; sleep 0.2; printf '"Spawned"}'`);
    assertEquals(await new Response(process.stdout).text(), '{"event":"Spawned"}');
    await process.wait();
    await vm.run(`echo '{"event":"Console"}' > /dev/console`);
    for await (const event of lab.events()) {
      if (event.kind === "custom" && event.name === "Console") break;
    }
  });
  const expected: Custom[] = [
    ["nas", "Ran", { n: 1 }],
    ["nas", "RanToo", {}],
    ["nas", "Spawned", {}],
    ["nas", "Console", {}],
  ];
  assertEquals(custom, expected);
});
