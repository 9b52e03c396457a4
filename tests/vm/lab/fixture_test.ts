import { assert, assertEquals, assertThrows } from "@std/assert";
import { labFixture, waitUntil } from "@netyard/netyard/testing";
import { LabClosedError } from "@netyard/netyard";

let built = 0;

const pair = labFixture({ label: "pair", seed: 7 }, async (lab) => {
  built++;
  const lan = lab.bridge("lan");
  const vm = lab.vm("vm", { bridges: [lan] });
  const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: lan } } });
  const off = lab.vm("off", {});
  await vm.boot();
  await vm.writeFile("/root/built", "yes");
  return { lan, vm, pc, off };
});

pair.test("the first test gets the lab as it was built", async ({ lab, lan, vm, pc, off }, t) => {
  assertEquals([lab.label, lab.seed, vm.state, off.state], ["pair", 7, "running", "defined"]);
  assertEquals(t.name, "the first test gets the lab as it was built");
  assertEquals(await vm.readTextFile("/root/built"), "yes");
  // Changes that the next test must not see.
  await vm.run("rm /root/built; touch /root/left");
  await lan.partition(vm, pc);
  await lan.dropRate(30);
  await off.boot();
  await vm.powerOff();
});

pair.test("each later test gets it restored, whatever the one before did", async ({ lan, vm, pc, off }) => {
  assertEquals([vm.state, off.state, built], ["running", "stopped", 1]);
  assertEquals([lan.isPartitioned(vm, pc), lan.dropRatePct], [false, 0]);
  assertEquals((await vm.run("cat /root/built; ls /root")).stdout, "yesbuilt\n");
  assert((await vm.run("ping -c 1 -W 2 pc.lan")).ok());
  await vm.run("echo c >/proc/sysrq-trigger").catch(() => {});
});

pair.test("a failed machine is restored, too", { sanitizeExit: true }, async ({ vm }) => {
  assertEquals(vm.state, "running");
  assertEquals(await vm.readTextFile("/root/built"), "yes");
});

pair.test("steps share the lab of their test", async ({ vm }, t) => {
  await vm.writeFile("/root/step", "1");
  await t.step("the file is there", async () => {
    assertEquals(await vm.readTextFile("/root/step"), "1");
  });
  await vm.run("reboot").catch(() => {});
  await waitUntil(() => vm.state === "booting");
});

pair.test("a machine that still boots is restored, too", async ({ vm, off }) => {
  assertEquals([vm.state, await vm.readTextFile("/root/built")], ["running", "yes"]);
  assertEquals((await vm.run("ls /root")).stdout, "built\n");
  off.boot().catch(() => {});
});

pair.test("a machine that was off and now boots is switched off", ({ off }) => {
  assertEquals(off.state, "stopped");
});

Deno.test("a test of a fixture needs a function", () => {
  const none = undefined as unknown as () => void;
  assertThrows(() => pair.test("nothing", {}, none), TypeError, '"nothing" takes a function');
});

/** Runs a file of tests, and returns the result. */
async function outcome(body: string): Promise<{ code: number; text: string }> {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${directory}/some_test.ts`, body);
    const config = new URL("../../../deno.json", import.meta.url).pathname;
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", "--no-check", "--config", config, `${directory}/some_test.ts`],
      env: { NO_COLOR: "1" },
    }).output();
    const decoder = new TextDecoder();
    return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a build that fails fails the tests, and leaves no lab", async () => {
  const { code, text } = await outcome(`
    import { labFixture } from "@netyard/netyard/testing";
    let lab;
    const bad = labFixture({}, (made) => {
      lab = made;
      throw new Error("as built");
    });
    bad.test("one", () => {});
    bad.test("two", () => {});
    Deno.test("three", () => {
      try {
        lab.bridge("x");
      } catch (error) {
        console.log("then: " + error.name);
      }
    });
  `);
  assertEquals(code, 1);
  assertEquals(text.match(/^error: Error: as built/gm)?.length, 2, text);
  assert(text.includes(`then: ${LabClosedError.name}`), text);
  assert(text.includes("1 passed | 2 failed"), text);
});

Deno.test("the lab is closed after the last test, and not built for tests that do not run", async () => {
  const { code, text } = await outcome(`
    import { labFixture } from "@netyard/netyard/testing";
    const world = labFixture({}, (lab) => {
      console.log("built");
      (async () => {
        for await (const { kind } of lab.events()) if (kind === "lab-closed") console.log("closed");
      })();
      return Promise.resolve({});
    });
    world.test("one", () => console.log("ran"));
    world.test("two", { ignore: true }, () => {});
    const never = labFixture({}, () => {
      console.log("never");
      return Promise.resolve({});
    });
    never.test("three", { ignore: true }, () => {});
  `);
  assertEquals(code, 0, text);
  const lines = text.split("\n").filter((line) => /^(built|ran|closed|never)$/.test(line));
  assertEquals(lines, ["built", "ran", "closed"], text);
});
