import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Lab, type Vm, VmError, VmStateError } from "@netyard/netyard";
import { labFixture, waitUntil } from "@netyard/netyard/testing";
import { NetyardError } from "../../../native/error.ts";
import { expectPings, pings, qemuOf, stateEvents, text, unique, until } from "./kit.ts";

const name = unique("nas");

/** One machine and one device on a bridge. */
const world = labFixture({ label: "life" }, async (lab) => {
  const lan = lab.bridge("lan");
  const vm = lab.vm(name, { bridges: [lan] });
  const pc = await lab.addDevice("pc");
  await lan.attach(pc);
  await vm.boot();
  return { lan, vm, pc };
});

/** Returns the states that a machine has entered since, from the events. */
async function passed(lab: Lab, act: () => Promise<unknown>): Promise<string[]> {
  const before = (await stateEvents(lab, name)).length;
  await act();
  return (await stateEvents(lab, name)).slice(before).map(({ state }) => state);
}

const bootId = (vm: Vm) => text(vm, "cat /proc/sys/kernel/random/boot_id");

Deno.test("an operation that a state does not allow is refused with the state and the expected ones", async () => {
  await using lab = await Lab.create();
  const vm = lab.vm("nas", {});
  const off: [string, () => Promise<unknown>][] = [
    ["shutdown()", () => vm.shutdown()],
    ["powerOff()", () => vm.powerOff()],
    ["powerButton()", () => vm.powerButton()],
    ["pause()", () => vm.pause()],
    ["resume()", () => vm.resume()],
    ["reset()", () => vm.reset()],
    ["snapshot()", () => vm.snapshot()],
    ["run()", () => vm.run("true")],
    ["readFile()", () => vm.readFile("/etc/passwd")],
    ["spawn()", () => vm.spawn("true")],
  ];
  for (const [what, act] of off) {
    const error = await assertRejects(act, VmStateError, `nas.${what}: the VM is defined, but`);
    assertEquals(error.state, "defined");
    assert(error.expected.includes(what === "resume()" ? "paused" : "running"), what);
    assert(error.message.endsWith("; boot() it first"), error.message);
  }
});

world.test("a running machine cannot be booted or resumed, and a paused one cannot be used", async ({ vm }) => {
  const boot = await assertRejects(() => vm.boot(), VmStateError);
  assertEquals(
    boot.message,
    `${name}.boot(): the VM is running, but must be defined, stopped or failed; shutdown() it first`,
  );
  await assertRejects(() => vm.resume(), VmStateError, "is running, but must be paused");
  await vm.pause();
  for (
    const act of [() => vm.run("true"), () => vm.pause(), () => vm.powerButton(), () => vm.boot()]
  ) {
    assertEquals((await assertRejects(act, VmStateError)).state, "paused");
  }
  await vm.resume();
  assertEquals(await text(vm, "echo on"), "on");
});

world.test("shutdown() passes through stopping, and the machine boots again", async ({ lab, vm, pc }) => {
  const states = await passed(lab, async () => {
    const ending = vm.run("sleep 100").catch((error) => error);
    await vm.shutdown();
    assert(await ending instanceof VmError);
    assertMatch(vm.console.log, /reboot: Power down\s*$/);
    assertEquals(vm.state, "stopped");
    assertEquals(await pings(pc, vm.ip!), false);
    await vm.boot();
  });
  assertEquals(states, ["stopping", "stopped", "booting", "running"]);
  await expectPings([[pc, vm.ip!, true], [vm, "pc.lan", true]]);
});

world.test("powerOff() ends it at once, and calls that wait fail with that reason", async ({ lab, vm, pc }) => {
  const waiting = vm.run("sleep 100").catch((error) => error);
  const pid = await qemuOf(name);
  assertEquals(await passed(lab, () => vm.powerOff()), ["stopping", "stopped"]);
  const error = await waiting;
  assert(error instanceof VmError);
  assertMatch(
    error.message,
    new RegExp(`^${name}: run\\("sleep 100"\\): .*powerOff\\(\\) ended it`),
  );
  await assertRejects(() => qemuOf(name), Error, "there are 0 QEMUs", `of ${pid}`);
  assertEquals(await pings(pc, vm.ip!), false);
});

world.test("the power button shuts the guest down", async ({ lab, vm }) => {
  const states = await passed(lab, async () => {
    await vm.powerButton();
    await until(vm, "stopped");
  });
  assertEquals(states, ["stopping", "stopped"]);
  assertMatch(vm.console.log, /reboot: Power down\s*$/);
});

world.test("a paused guest does not answer or run; after resume() it continues", async ({ lab, vm, pc }) => {
  await using counting = await vm.spawn("while :; do echo tick >/dev/ttyS0; sleep 0.05; done");
  await vm.console.expect("tick");
  const states = await passed(lab, async () => {
    await vm.pause();
    const before = vm.console.log;
    assertEquals(await pings(pc, vm.ip!), false);
    assertEquals(vm.console.log.slice(before.length).length < 100, true);
    vm.console.read();
    await new Promise((resolve) => setTimeout(resolve, 300));
    assertEquals(vm.console.read(), "", "nothing is printed while it is paused");
    await vm.resume();
  });
  assertEquals(states, ["paused", "running"]);
  await vm.console.expect("tick");
  assertEquals(await pings(pc, vm.ip!), true);
  await counting.kill();
});

world.test("a reset boots it again with its network", async ({ lab, vm, pc }) => {
  await vm.writeFile("/tmp/mark", "x");
  const before = await bootId(vm);
  const states = await passed(lab, async () => {
    const reset = vm.reset();
    await assertRejects(() => vm.reset(), VmStateError, "the VM is booting");
    await reset;
  });
  assertEquals(states, ["booting", "running"]);
  assert(await bootId(vm) !== before);
  assertEquals(await text(vm, "ls /tmp; hostname"), name);
  await expectPings([[pc, vm.ip!, true], [pc, vm.ip6!, true], [vm, "pc.lan", true]]);
});

world.test("a guest that reboots by itself comes back with its network", async ({ lab, vm, pc }) => {
  const states = await passed(lab, async () => {
    await vm.run("reboot").catch(() => {});
    await until(vm, "booting");
    await until(vm, "running");
  });
  assertEquals(states, ["booting", "running"]);
  await expectPings([[pc, vm.ip!, true], [vm, pc.ip6!, true]]);
});

world.test("a guest that powers itself off is stopped, and boots again with its network", async ({ lab, vm, pc }) => {
  const states = await passed(lab, async () => {
    await vm.run("poweroff").catch(() => {});
    await until(vm, "stopped");
    await vm.boot();
  });
  assertEquals(states, ["stopping", "stopped", "booting", "running"]);
  await expectPings([[pc, vm.ip!, true], [vm, "pc.lan", true]]);
});

world.test("a kernel panic fails the machine with its reason, and it boots again", async ({ lab, vm }) => {
  const waiting = vm.run("sleep 100").catch((error) => error);
  await vm.run("echo c >/proc/sysrq-trigger").catch(() => {});
  await until(vm, "failed");
  const error = await waiting;
  assert(error instanceof VmError);
  assertMatch(error.message, /the guest's kernel panicked: sysrq triggered crash/);
  await vm.boot();
  const events = (await stateEvents(lab, name)).slice(-3);
  assertEquals(events.map(({ state }) => state), ["failed", "booting", "running"]);
  assertMatch(
    events[0].why!,
    /^the guest's kernel panicked: sysrq triggered crash\nthe console's last lines:\n[^]*\n.*\n/,
  );
  assertEquals(await text(vm, "echo on"), "on");
});

world.test("a QEMU that is killed fails the machine, and it boots again", async ({ lab, vm, pc }) => {
  const waiting = vm.run("sleep 100").catch((error) => error);
  Deno.kill(await qemuOf(name), "SIGKILL");
  const error = await waiting;
  assert(error instanceof VmError);
  await until(vm, "failed");
  await assertRejects(() => vm.run("true"), VmStateError, "the VM is failed");
  await vm.boot();
  const events = (await stateEvents(lab, name)).slice(-3);
  assertEquals(events.map(({ state }) => state), ["failed", "booting", "running"]);
  assertMatch(events[0].why!, /^QEMU ended/);
  assertEquals(await pings(pc, vm.ip!), true);
});

world.test("of two calls at the same time, one succeeds and the other is refused", async ({ lab, vm }) => {
  const both = await Promise.allSettled([vm.snapshot(), vm.snapshot()]);
  assertEquals(both.map(({ status }) => status), ["fulfilled", "rejected"]);
  assertMatch(
    String((both[1] as PromiseRejectedResult).reason),
    new RegExp(`${name}\\.snapshot\\(\\): snapshot\\(\\) is in progress; wait until it resolves`),
  );
  for (const one of both) if (one.status === "fulfilled") one.value.close();
  // Changes of the lab meanwhile do not concern the user.
  const [snapshot] = await Promise.all([vm.snapshot(), lab.dnsEntry("late.example", "10.9.9.9")]);
  snapshot.close();
  assertMatch(await text(vm, "cat /etc/hosts"), /10\.9\.9\.9\tlate\.example/);
  await vm.powerOff();
  const boots = await Promise.allSettled([vm.boot(), vm.boot()]);
  assertEquals(boots.map(({ status }) => status), ["fulfilled", "rejected"]);
  assertMatch(String((boots[1] as PromiseRejectedResult).reason), /the VM is booting, but/);
  assertEquals(await text(vm, "echo on"), "on");
});

world.test("a boot that powerOff() interrupts fails, and leaves nothing", async ({ lab, vm }) => {
  await vm.powerOff();
  for (const afterMs of [0, 30, 120, 250]) {
    const boot = vm.boot().then(() => undefined, (error) => error);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    const states = await passed(lab, () => vm.powerOff());
    assertEquals(states, ["stopping", "stopped"], `after ${afterMs} ms`);
    const error = await boot;
    assert(error instanceof VmError, `after ${afterMs} ms: ${error}`);
    assertMatch(error.message, /powerOff\(\) ended it/);
    await assertRejects(() => qemuOf(name), Error, "there are 0 QEMUs");
  }
  await vm.boot();
  assertEquals(await text(vm, "echo on"), "on");
});

world.test("a snapshot that powerOff() interrupts fails with that reason", async ({ vm }) => {
  const snapshot = vm.snapshot().then((made) => made.close(), (error) => error);
  await vm.powerOff();
  assertMatch(String(await snapshot), /powerOff\(\) ended it/);
  assertEquals(vm.state, "stopped");
});

world.test("the guest's clock stops while it is paused", async ({ vm }) => {
  const uptime = async () => parseFloat(await text(vm, "cat /proc/uptime")) * 1000;
  const [before, started] = [await uptime(), performance.now()];
  await vm.pause();
  const paused = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const stood = performance.now() - paused;
  await vm.resume();
  const passed = await uptime() - before;
  const went = performance.now() - started - stood;
  assert(passed < went + 500, `${passed} ms in the guest, ${went} ms outside`);
});

Deno.test("closing a lab ends any call in progress", async () => {
  const acts: [string, (vm: Vm) => Promise<unknown>][] = [
    ["snapshot", (vm) => vm.snapshot()],
    ["restore", async (vm) => await vm.restore(await vm.snapshot())],
    ["shutdown", (vm) => vm.shutdown()],
    ["reset", (vm) => vm.reset()],
    ["run", (vm) => vm.run("sleep 600")],
    ["attach", async (vm) => {
      const lab = labs.get(vm)!;
      await lab.bridge("more").attach(vm);
      await lab.dnsEntry("x.example", "10.1.1.1");
    }],
  ];
  const labs = new Map<Vm, Lab>();
  for (const [i, [what, act]] of acts.entries()) {
    const lab = await Lab.create();
    const each = unique(what);
    const vm = lab.vm(each, { bridges: [lab.bridge("lan")] });
    labs.set(vm, lab);
    await vm.boot();
    const going = act(vm).then(() => undefined, (error) => error);
    await new Promise((resolve) => setTimeout(resolve, 15 * i));
    await lab.close();
    const error = await going;
    assert(error === undefined || error instanceof NetyardError, `${what}: ${error}`);
    assertEquals(vm.state, "removed");
    await assertRejects(() => qemuOf(each), Error, "there are 0");
  }
});

Deno.test("a boot fails with the reason if the machine is removed or its lab closed", async () => {
  const [one, two] = [unique("one"), unique("two")];
  const lab = await Lab.create();
  try {
    const vms = [one, two].map((each) => lab.vm(each, { bridges: [lab.bridge("lan")] }));
    const [first, second] = vms.map((vm) => vm.boot().then(() => undefined, (error) => error));
    await waitUntil(() => qemuOf(one).then(() => true, () => false), { timeoutMs: 10_000 });
    await lab.remove(vms[0]);
    assertEquals(vms[0].state, "removed");
    assertMatch(String(await first), /VmError: one-\w+: it was removed/);
    await lab.close();
    assert(await second instanceof Error);
  } finally {
    await lab.close();
  }
  for (const each of [one, two]) await assertRejects(() => qemuOf(each), Error, "there are 0");
});
