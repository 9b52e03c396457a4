import { CommandRing } from "../../lib/loop/command_ring.ts";
import { FAIL, HANG } from "./breakable.ts";

/** The worker of a program, whose thread also executes the commands that break it. */

const { command } = CommandRing.prototype;
CommandRing.prototype.command = function () {
  const next = command.call(this);
  if (next === FAIL) throw new Error("the test made it fail");
  if (next === HANG) { for (;;); }
  return next;
};

const module = new URL(import.meta.url).searchParams.get("module")!;
export const { emulate, translate } = await import(String(module));
