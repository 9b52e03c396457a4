import { z } from "zod";
import { type Duration, durationSchema, milliseconds } from "../../options/duration.ts";
import { parseOptions } from "../../options/parse_options.ts";
import { GuestAgentError } from "../options/errors.ts";
import type { GuestContext } from "./guest_context.ts";

const NS_PER_MS = 1e6;
/** The largest error of a time that counts as set although the agent reported a failure. */
const SET_WITHIN_MS = 2000;

const setSchema = z.strictObject({ date: z.date() });
const advanceSchema = z.strictObject({ by: durationSchema });

/** The clock of a guest, which runs on from the time that it is set to. */
export class Clock {
  #context: GuestContext;

  /**
   * Made by `Guest`.
   *
   * @internal
   */
  constructor(context: GuestContext) {
    this.#context = context;
  }

  /** Returns the guest's time. */
  async get(): Promise<Date> {
    return new Date(await this.#nanoseconds("get") / NS_PER_MS);
  }

  /** Sets the guest's time, to within a millisecond plus the duration of the call. */
  set(date: Date): Promise<void> {
    parseOptions(setSchema, { date }, `${this.#context.label}: clock.set()`);
    return this.#set(date.getTime(), "set");
  }

  /**
   * Sets the guest's time forward.
   *
   * @param by How far: milliseconds, or a duration such as `"90s"` or `"2h"`.
   */
  async advance(by: Duration): Promise<void> {
    parseOptions(advanceSchema, { by }, `${this.#context.label}: clock.advance()`);
    const start = performance.now();
    const now = await this.#nanoseconds("advance") / NS_PER_MS;
    // The guest reads its clock about halfway through one call, and sets it about halfway through the next.
    await this.#set(now + milliseconds(by) + (performance.now() - start), "advance");
  }

  #nanoseconds(method: string): Promise<number> {
    const what = `${this.#context.label}: clock.${method}()`;
    return this.#context.agent.call("guest-get-time", {}, { what });
  }

  async #set(targetMs: number, method: string): Promise<void> {
    const what = `${this.#context.label}: clock.${method}()`;
    const time = Math.round(targetMs) * NS_PER_MS;
    const since = performance.now();
    try {
      await this.#context.agent.call("guest-set-time", { time }, { what });
    } catch (error) {
      // The agent also runs hwclock for the hardware clock, which the guest may not have.
      const hardwareOnly = error instanceof GuestAgentError && /hwclock/.test(error.desc ?? "");
      if (!hardwareOnly) throw error;
      const now = await this.#nanoseconds(method) / NS_PER_MS;
      const off = now - targetMs - (performance.now() - since);
      if (Math.abs(off) > SET_WITHIN_MS) throw error;
    }
  }
}
