import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { findProgram } from "../../../native/process/process.ts";
import { profileNamed } from "../../../lib/vm/profiles.ts";
import { waitUntil } from "../../../lib/testing/wait_until.ts";
import { Lab, type Profile } from "@netyard/netyard";

const unable = !findProgram("qemu-system-x86_64");

/** The profile `tiny`, with a helper that the test can end. */
function helped() {
  const ended = Promise.withResolvers<string>();
  let stops = 0;
  const profile: Profile = {
    ...profileNamed("test", "tiny"),
    async prepare(site) {
      const helper = {
        ended: ended.promise,
        stop() {
          stops++;
          return Promise.resolve();
        },
      };
      return { ...await profileNamed("test", "tiny").prepare(site), helpers: [helper] };
    },
  };
  return { profile, end: ended.resolve, stops: () => stops };
}

Deno.test({
  name: "a machine fails when a helper process ends, and stops its helpers when it ends",
  ignore: unable,
  async fn() {
    await using lab = await Lab.create();
    const [good, lost, late] = [helped(), helped(), helped()];
    const vm = lab.vm("good", { profile: good.profile });
    await vm.boot();
    await vm.powerOff();
    assertEquals([vm.state, good.stops()], ["stopped", 1]);

    const broken = lab.vm("lost", { profile: lost.profile });
    const booting = broken.boot();
    lost.end("no such device");
    const error = await assertRejects(() => booting);
    assertStringIncludes(
      (error as Error).message,
      "lost: a process that it depends on has ended: no such device",
    );
    assertEquals(broken.state, "defined");

    const running = lab.vm("late", { profile: late.profile });
    await running.boot();
    late.end("");
    await waitUntil(() => running.state === "failed", { timeoutMs: 10_000, what: "the failure" });
    await waitUntil(() => late.stops() === 1, { timeoutMs: 10_000, what: "the end of the helper" });
  },
});
