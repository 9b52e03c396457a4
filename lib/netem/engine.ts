import type { Namespace } from "../../native/namespace.ts";
import { SyscallError } from "../../native/libc.ts";
import { NamespaceClosedError } from "../../native/namespace.ts";
import { getLink, readLinkState } from "../../native/netlink/link.ts";
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

/** Qdiscs that do nothing any more, and stay until what they hold is on its way. */
interface Draining {
  end: LinkEnd;
  plan: NetemPlan;
  timer: ReturnType<typeof setTimeout>;
}

/** How long the last packets may be late. */
const GRACE_MS = 100;

/**
 * Impairs links by the kernel's netem, through tc(8); {@link planNetem} says with which qdiscs. The
 * MTU of an interface counts as it is when its condition is set, and 1500 at least.
 *
 * The kernel draws at random for itself: the seed decides nothing.
 */
export class NetemEngine implements LinkEngine {
  /** Which engine this is. */
  readonly kind = "netem";
  readonly #run: RunTc;
  readonly #draining = new Set<Draining>();

  /** `run` calls tc. */
  constructor(run: RunTc = runTc) {
    this.#run = run;
  }

  /** Impairs what leaves by an end of a link, at once. */
  impair(end: LinkEnd, limits: LinkLimits, _seed: number, shared?: SharedRate): Impairment {
    const plan = planNetem(limits, mtuOf(end));
    const left = this.#takeOver(end);
    try {
      const impairment = new NetemImpairment(end, limits, plan, this.#run, (drained, idle, ms) => {
        this.#drain(drained, idle, ms);
      });
      impairment.begin(left);
      impairment.share(shared as NetemSharedRate | undefined);
      return impairment;
    } catch (error) {
      if (left) tryRemove(this.#run, end);
      throw error;
    }
  }

  /** Makes a rate that several ends are to share: a device of the kernel's in their namespace. */
  shareRate(rateKbit: number, place: SharedRatePlace): SharedRate {
    return new NetemSharedRate(rateKbit, place, this.#run);
  }

  /** All that was asked is in force already. */
  ready(): Promise<void> {
    return Promise.resolve();
  }

  /** Nothing holds a namespace here; what was to be taken away in it goes with it. */
  release(namespace: Namespace): void {
    for (const draining of this.#draining) {
      if (draining.end.namespace !== namespace) continue;
      clearTimeout(draining.timer);
      this.#draining.delete(draining);
    }
  }

  /** Forgets the links. What impairs them lives and dies with their interfaces. */
  close(): Promise<void> {
    for (const { timer } of this.#draining) clearTimeout(timer);
    this.#draining.clear();
    return Promise.resolve();
  }

  #takeOver(end: LinkEnd): NetemPlan | undefined {
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
        // They are idle, and end with the interface.
      }
    }, ms + GRACE_MS);
    // No process waits for it.
    Deno.unrefTimer(timer);
    const draining = { end, plan, timer };
    this.#draining.add(draining);
  }
}

/** Puts qdiscs that are idle on record, with how long they may still hold packets. */
type Drain = (end: LinkEnd, idle: NetemPlan, ms: number) => void;

class NetemImpairment implements Impairment {
  readonly #end: LinkEnd;
  readonly #run: RunTc;
  readonly #drain: Drain;
  #limits: LinkLimits;
  #plan: NetemPlan;
  #shared: NetemSharedRate | undefined;
  /** What was counted by qdiscs that are gone. */
  #before: ImpairmentCounters = NO_COUNTERS;
  /** How long what former limits delayed may be on its way, from when on. */
  #until = 0;
  #over = false;

  constructor(end: LinkEnd, limits: LinkLimits, plan: NetemPlan, run: RunTc, drain: Drain) {
    this.#end = end;
    this.#limits = limits;
    this.#plan = plan;
    this.#run = run;
    this.#drain = drain;
  }

  begin(left: NetemPlan | undefined): void {
    this.#apply("impair()", this.#plan, left);
    // What the qdiscs counted for the impairment before this one.
    if (left) this.#before = addCounters(NO_COUNTERS, this.#read().counters, -1);
  }

  /** Has it share a rate, or none. */
  share(shared: NetemSharedRate | undefined): void {
    if (shared === this.#shared) return;
    shared?.join(this.#end);
    this.#shared?.leave(this.#end);
    this.#shared = shared;
  }

  change(limits: LinkLimits, shared?: SharedRate): void {
    if (this.#over) return;
    this.share(shared as NetemSharedRate | undefined);
    const plan = planNetem(limits, mtuOf(this.#end));
    this.#apply("change()", plan, this.#plan);
    this.#noteUntil();
    this.#limits = limits;
    this.#plan = plan;
  }

  drop(): void {
    if (this.#over) return;
    const counted = this.#read();
    const { name } = this.#end;
    this.#batch("drop()", [removeNetem(name), ...netemCommands(name, this.#plan)]);
    this.#until = 0;
    // What is on its way counts as one that was to leave, and never will.
    this.#before = addCounters(this.#before, {
      ...counted.counters,
      dropped: counted.counters.dropped + counted.queued,
    });
  }

  counters(): ImpairmentCounters {
    return this.#over ? this.#before : addCounters(this.#before, this.#read().counters);
  }

  remove(): void {
    if (this.#over) return;
    this.share(undefined);
    try {
      this.#noteUntil();
      const ms = this.#until - performance.now();
      const idle = idlePlan(this.#plan);
      // Idle first: what comes from now on is held by nothing, and not lost when the rest goes.
      if (ms > 0) this.#batch("remove()", netemCommands(this.#end.name, idle, this.#plan));
      const { counters, queued } = this.#read();
      this.#before = addCounters(this.#before, counters);
      if (ms > 0 && queued > 0) this.#drain(this.#end, idle, ms);
      else this.#batch("remove()", [removeNetem(this.#end.name)]);
    } catch (error) {
      if (isThere(this.#end)) throw error;
    }
    this.#over = true;
  }

  discard(): void {
    if (!this.#over) this.share(undefined);
    this.#over = true;
  }

  #noteUntil(): void {
    this.#until = Math.max(this.#until, performance.now() + longestMs(this.#limits));
  }

  #apply(what: string, plan: NetemPlan, before: NetemPlan | undefined): void {
    const { name } = this.#end;
    try {
      this.#batch(what, netemCommands(name, plan, before));
    } catch (error) {
      // The link as it was: plain, or as it was impaired before.
      tryRemove(this.#run, this.#end);
      if (before && isThere(this.#end)) this.#batch(what, netemCommands(name, before));
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
  const [answer] = namespace.rtnetlink((batch) => getLink(batch, index));
  return readLinkState(answer).mtu;
}

function isThere(end: LinkEnd): boolean {
  try {
    mtuOf(end);
    return true;
  } catch (error) {
    if (error instanceof NamespaceClosedError || error instanceof SyscallError) return false;
    throw error;
  }
}

/** Removes what may not be there, or in part. */
function tryRemove(run: RunTc, end: LinkEnd): void {
  if (!isThere(end)) return;
  run(end.namespace, removeNetem(end.name).split(" "));
}
