/**
 * The link engine that uses the kernel's netem, through tc(8). Plans are pure text (`plan.ts`,
 * `shared_rate_plan.ts`), `tc.ts` executes them, and `counters.ts` reads the kernel's counters. Imports
 * `native`, `link` and `host`; knows no lab. Begin with `engine.ts`.
 *
 * @module
 */

import { type Namespace, NamespaceClosedError } from "../../native/namespace.ts";
import { SyscallError } from "../../native/libc.ts";
import { linkState } from "../../native/netlink/link.ts";
import type { LinkLimits } from "../link/condition.ts";
import type {
  Impairment,
  ImpairmentCounters,
  LinkEnd,
  LinkEngine,
  SharedRate,
  SharedRatePlace,
} from "../link/engine.ts";
import {
  idlePlan,
  longestMs,
  netemCommands,
  type NetemPlan,
  planNetem,
  removeNetem,
} from "./plan.ts";
import { NetemSharedRate } from "./shared_rate.ts";
import { addCounters, NO_COUNTERS, readNetemCounters } from "./counters.ts";
import { type RunTc, runTc, tcBatch, TcError } from "./tc.ts";

/** Idle qdiscs, which stay until the packets that they hold have left. */
interface Draining {
  end: LinkEnd;
  plan: NetemPlan;
  timer: ReturnType<typeof setTimeout>;
}

/** The allowed lateness of the last packets. */
const GRACE_MS = 100;

/**
 * Impairs links by the kernel's netem, through tc(8), with the qdiscs of {@link planNetem}. It uses the
 * MTU that an interface has when its condition is set, at least 1500.
 *
 * The kernel has its own random numbers: the seed has no effect.
 */
export class NetemEngine implements LinkEngine {
  readonly kind = "netem";
  readonly #run: RunTc;
  readonly #draining = new Set<Draining>();

  /** `run` calls tc. */
  constructor(run: RunTc = runTc) {
    this.#run = run;
  }

  /** Impairs the packets that leave by an end of a link, at once. */
  impair(end: LinkEnd, limits: LinkLimits, _seed: number, shared?: SharedRate): Impairment {
    const plan = planNetem(limits, mtuOf(end));
    const idle = this.#takeIdle(end);
    try {
      const impairment = new NetemImpairment(end, limits, plan, this.#run, (end, idle, ms) => {
        this.#drain(end, idle, ms);
      });
      impairment.begin(idle);
      impairment.share(shared as NetemSharedRate | undefined);
      return impairment;
    } catch (error) {
      if (idle) tryRemove(this.#run, end);
      throw error;
    }
  }

  /** Makes a rate that several ends can share: a device in their namespace. */
  shareRate(rateKbit: number, place: SharedRatePlace): SharedRate {
    return new NetemSharedRate(rateKbit, place, this.#run);
  }

  /** Resolves at once: all calls are synchronous. */
  ready(): Promise<void> {
    return Promise.resolve();
  }

  /** Forgets the idle qdiscs of a namespace, which go with it. */
  release(namespace: Namespace): void {
    for (const draining of this.#draining) {
      if (draining.end.namespace !== namespace) continue;
      clearTimeout(draining.timer);
      this.#draining.delete(draining);
    }
  }

  /** Forgets the links. Their qdiscs go with their interfaces. */
  close(): Promise<void> {
    for (const { timer } of this.#draining) clearTimeout(timer);
    this.#draining.clear();
    return Promise.resolve();
  }

  /** The plan of the idle qdiscs that an end still has, which the caller replaces. */
  #takeIdle(end: LinkEnd): NetemPlan | undefined {
    for (const draining of this.#draining) {
      const { namespace, index } = draining.end;
      if (namespace !== end.namespace || index !== end.index) continue;
      clearTimeout(draining.timer);
      this.#draining.delete(draining);
      return draining.plan;
    }
  }

  #drain(end: LinkEnd, plan: NetemPlan, ms: number): void {
    const timer = setTimeout(() => {
      this.#draining.delete(draining);
      try {
        tryRemove(this.#run, end);
      } catch {
        // They have no effect, and go with the interface.
      }
    }, ms + GRACE_MS);
    // Does not keep the process alive.
    Deno.unrefTimer(timer);
    const draining = { end, plan, timer };
    this.#draining.add(draining);
  }
}

/** Removes idle qdiscs after the time in which they may still hold packets. */
type Drain = (end: LinkEnd, idle: NetemPlan, ms: number) => void;

class NetemImpairment implements Impairment {
  readonly #end: LinkEnd;
  readonly #run: RunTc;
  readonly #drain: Drain;
  #limits: LinkLimits;
  #plan: NetemPlan;
  #shared: NetemSharedRate | undefined;
  /** The counters of earlier qdiscs. */
  #before: ImpairmentCounters = NO_COUNTERS;
  /** The time until which packets of earlier limits may be on their way. */
  #until = 0;
  #removed = false;

  constructor(end: LinkEnd, limits: LinkLimits, plan: NetemPlan, run: RunTc, drain: Drain) {
    this.#end = end;
    this.#limits = limits;
    this.#plan = plan;
    this.#run = run;
    this.#drain = drain;
  }

  begin(idle: NetemPlan | undefined): void {
    this.#apply("impair()", this.#plan, idle);
    // Subtracts what the qdiscs counted for the previous impairment.
    if (idle) this.#before = addCounters(NO_COUNTERS, this.#read().counters, -1);
  }

  /** Sets the shared rate. */
  share(shared: NetemSharedRate | undefined): void {
    if (shared === this.#shared) return;
    shared?.join(this.#end);
    this.#shared?.leave(this.#end);
    this.#shared = shared;
  }

  change(limits: LinkLimits, shared?: SharedRate): void {
    if (this.#removed) return;
    this.share(shared as NetemSharedRate | undefined);
    const plan = planNetem(limits, mtuOf(this.#end));
    this.#apply("change()", plan, this.#plan);
    this.#noteUntil();
    this.#limits = limits;
    this.#plan = plan;
  }

  drop(): void {
    if (this.#removed) return;
    const { counters, queued } = this.#read();
    const { name } = this.#end;
    this.#batch("drop()", [removeNetem(name), ...netemCommands(name, this.#plan)]);
    this.#until = 0;
    // The packets on their way are counted already, and now dropped.
    this.#before = addCounters(this.#before, { ...counters, dropped: counters.dropped + queued });
  }

  counters(): ImpairmentCounters {
    return this.#removed ? this.#before : addCounters(this.#before, this.#read().counters);
  }

  remove(): void {
    if (this.#removed) return;
    this.share(undefined);
    try {
      this.#noteUntil();
      const ms = this.#until - performance.now();
      const idle = idlePlan(this.#plan);
      // Idle first: packets that arrive from now on are not held, and so not lost with the qdiscs.
      if (ms > 0) this.#batch("remove()", netemCommands(this.#end.name, idle, this.#plan));
      const { counters, queued } = this.#read();
      this.#before = addCounters(this.#before, counters);
      if (ms > 0 && queued > 0) this.#drain(this.#end, idle, ms);
      else this.#batch("remove()", [removeNetem(this.#end.name)]);
    } catch (error) {
      if (exists(this.#end)) throw error;
    }
    this.#removed = true;
  }

  discard(): void {
    if (!this.#removed) this.share(undefined);
    this.#removed = true;
  }

  #noteUntil(): void {
    this.#until = Math.max(this.#until, performance.now() + longestMs(this.#limits));
  }

  #apply(what: string, plan: NetemPlan, before: NetemPlan | undefined): void {
    const { name } = this.#end;
    try {
      this.#batch(what, netemCommands(name, plan, before));
    } catch (error) {
      // Restores the link: plain, or with its earlier condition.
      tryRemove(this.#run, this.#end);
      if (before && exists(this.#end)) this.#batch(what, netemCommands(name, before));
      throw error;
    }
  }

  #batch(what: string, lines: string[]): void {
    tcBatch(this.#run, this.#end.namespace, `${this.#end.label}: ${what}`, lines);
  }

  #read() {
    const { namespace, name, label } = this.#end;
    const args = ["-s", "-j", "qdisc", "show", "dev", name];
    const output = this.#run(namespace, args);
    if (output.code !== 0) throw new TcError(`${label}: counters()`, ["tc", ...args], output);
    return readNetemCounters(output.stdout);
  }
}

function mtuOf({ namespace, index }: LinkEnd): number {
  return linkState((write) => namespace.rtnetlink(write), index).mtu;
}

function exists(end: LinkEnd): boolean {
  try {
    mtuOf(end);
    return true;
  } catch (error) {
    if (error instanceof NamespaceClosedError || error instanceof SyscallError) return false;
    throw error;
  }
}

/** Removes the qdiscs of an end that may have none, or only some. */
function tryRemove(run: RunTc, end: LinkEnd): void {
  if (!exists(end)) return;
  run(end.namespace, removeNetem(end.name).split(" "));
}
