import { NamespaceClosedError } from "../../native/namespace.ts";
import { addClsact } from "../../native/netlink/tc.ts";
import { addIfb, deleteLink, dumpLinks, readLinkState } from "../../native/netlink/link.ts";
import { SyscallError } from "../../native/libc.ts";
import type { LinkEnd, SharedRate, SharedRatePlace } from "../link/engine.ts";
import { shareCommand, sharedRateCommands, unshareCommand } from "./shared_rate_plan.ts";
import { type RunTc, tcBatch } from "./tc.ts";

/** Beyond the indexes that a lab chooses. */
const FIRST_INDEX = 2_000_000;
let made = 0;

/** A rate that several links have together: an `ifb` device that all their packets go through. */
export class NetemSharedRate implements SharedRate {
  readonly #place: SharedRatePlace;
  readonly #run: RunTc;
  readonly #index: number;
  readonly #name: string;

  /** Makes the device. */
  constructor(rateKbit: number, place: SharedRatePlace, run: RunTc) {
    const number = made++;
    this.#place = place;
    this.#run = run;
    this.#index = FIRST_INDEX + number;
    this.#name = `share${number}`;
    place.namespace.rtnetlink((batch) => addIfb(batch, this.#name, this.#index));
    try {
      this.change(rateKbit);
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  change(rateKbit: number): void {
    this.#batch("shared rate", sharedRateCommands(this.#name, rateKbit));
  }

  /** Has what leaves by an end count. */
  join(end: LinkEnd): void {
    const [link, way] = sideOf(end);
    const state = this.#place.namespace.rtnetlink(dumpLinks).map(readLinkState)
      .find(({ name }) => name === link);
    if (state) giveClsact(this.#place, state.index);
    this.#batch(`${end.label}: shared rate`, [shareCommand(link, way, this.#name)]);
  }

  /** Has it count no more. A link that is gone took its filter along. */
  leave(end: LinkEnd): void {
    const [link, way] = sideOf(end);
    try {
      this.#run(this.#place.namespace, unshareCommand(link, way).split(" "));
    } catch (error) {
      if (!(error instanceof NamespaceClosedError)) throw error;
    }
  }

  remove(): void {
    try {
      this.#place.namespace.rtnetlink((batch) => deleteLink(batch, this.#index));
    } catch (error) {
      const gone = error instanceof NamespaceClosedError ||
        error instanceof SyscallError && error.code === "ENODEV";
      if (!gone) throw error;
    }
  }

  #batch(what: string, lines: string[]): void {
    tcBatch(this.#run, this.#place.namespace, `${this.#place.label}: ${what}`, lines);
  }
}

function sideOf({ name, far }: LinkEnd): [link: string, way: "ingress" | "egress"] {
  return far === undefined ? [name, "egress"] : [far, "ingress"];
}

function giveClsact({ namespace }: SharedRatePlace, index: number): void {
  try {
    namespace.rtnetlink((batch) => addClsact(batch, index));
  } catch (error) {
    // It has one already.
    if (!(error instanceof SyscallError) || error.code !== "EEXIST") throw error;
  }
}
