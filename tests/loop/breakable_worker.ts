import { CommandRing } from "../../lib/loop/command_ring.ts";
import { FAIL, HANG } from "./breakable.ts";

/** The worker of a program, whose thread also executes the commands that break it. */

const pause = new Int32Array(new SharedArrayBuffer(4));
const { command } = CommandRing.prototype;
CommandRing.prototype.command = function () {
  const next = command.call(this);
  if (next === FAIL) throw new Error("the test made it fail");
  // Waiting, since a loop at this thread's priority would leave no time to other tests.
  if (next === HANG) { for (;;) Atomics.wait(pause, 0, 0); }
  return next;
};

const module = new URL(import.meta.url).searchParams.get("module")!;
export const { emulate, translate } = await import(String(module));
