import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { waitUntil } from "@netyard/netyard/testing";
import { CITY, netyard, OwnRunner, processesIn } from "./kept_lab.ts";

Deno.test("a shell has the nodes of a lab in scope, and leaves nothing at its end", async () => {
  await using runner = await OwnRunner.create();
  const path = `${runner.runtimeDirectory}/city.toml`;
  await Deno.writeTextFile(path, CITY.replaceAll("laptop", "my-laptop"));
  const { code, stdout, stderr } = await netyard(
    runner,
    ["shell", path],
    [
      "await myLaptop.$`ping -c 1 ${server.ip}`",
      "const more: string = (await server.$`readlink /proc/self/ns/net`.text()).trim()",
      'console.log("NET", more)',
      'const third = await lab.addDevice("third", { interfaces: { eth0: { gateway: home } } })',
      'console.log("THIRD", third.ip, RegionLink.good(80).latencyMs)',
      "nothing.at.all",
      "",
    ].join("\n"),
  );
  assertMatch(stdout, /^ {2}myLaptop {2}device my-laptop, 10\.0\.1\.2$/m);
  assertStringIncludes(stdout, "1 received");
  assertStringIncludes(stdout, "THIRD 10.0.1.3 40");
  assertStringIncludes(stdout + stderr, "nothing is not defined");
  assertEquals(code, 0);
  const network = /^NET (net:\[\d+\])$/m.exec(stdout)![1];
  await waitUntil(async () => await processesIn(network) === 0, { timeoutMs: 30_000 });
});

Deno.test("a shell without a file has an empty lab", async () => {
  await using runner = await OwnRunner.create();
  const { code, stdout } = await netyard(
    runner,
    ["shell"],
    'const a = await lab.addRouter("a", { preset: "home" })\nconsole.log("NAT", a.nat)\n',
  );
  assertStringIncludes(stdout, 'lab  the lab "shell"');
  assertStringIncludes(stdout, "NAT home");
  assertEquals(code, 0);
});

Deno.test("a shell with a wrong file does not start", async () => {
  await using runner = await OwnRunner.create();
  const { code, stderr } = await netyard(runner, ["shell", "/no/such.toml"], "");
  assertStringIncludes(stderr, "/no/such.toml: there is no such file");
  assertEquals(code, 2);
});
