import { NamespaceClosedError } from "../../native/namespace.ts";
import { addClsact } from "../../native/netlink/tc.ts";
import { addIfb, deleteLink, linkStates } from "../../native/netlink/link.ts";
import { refusedBy, removeIfPresent } from "../../native/netlink/refusal.ts";
import type { LinkEnd, SharedRate, SharedRatePlace } from "../link/engine.ts";
import { shareCommand, sharedRateCommands, unshareCommand } from "./shared_rate_plan.ts";
import { type RunTc, tcBatch } from "./tc.ts";

/** Indexes from here on are not used by labs. */
const FIRST_INDEX = 2_000_000;
let nextNumber = 0;

/** A rate that several links share: an `ifb` device that all their packets pass. */
export class NetemSharedRate implements SharedRate {
  readonly #place: SharedRatePlace;
  readonly #run: RunTc;
  readonly #index: number;
  readonly #name: string;

  /** Makes the device. */
  constructor(rateKbit: number, place: SharedRatePlace, run: RunTc) {
    const number = nextNumber++;
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

  /** Makes the packets of an end share the rate. */
  join(end: LinkEnd): void {
    const [link, hook] = hookOf(end);
    const { namespace } = this.#place;
    const state = linkStates((write) => namespace.rtnetlink(write)).find(({ name }) =>
      name === link
    );
    if (state) ensureClsact(this.#place, state.index);
    this.#batch(`${end.label}: shared rate`, [shareCommand(link, hook, this.#name)]);
  }

  /** Ends that. The filter of a link that is gone is gone too. */
  leave(end: LinkEnd): void {
    const [link, hook] = hookOf(end);
    try {
      this.#run(this.#place.namespace, unshareCommand(link, hook).split(" "));
    } catch (error) {
      if (!(error instanceof NamespaceClosedError)) throw error;
    }
  }

  remove(): void {
    try {
      removeIfPresent(() =>
        this.#place.namespace.rtnetlink((batch) => deleteLink(batch, this.#index))
      );
    } catch (error) {
      if (!(error instanceof NamespaceClosedError)) throw error;
    }
  }

  #batch(what: string, lines: string[]): void {
    tcBatch(this.#run, this.#place.namespace, `${this.#place.label}: ${what}`, lines);
  }
}

/** The link and the hook of the filter: at the far end, if that is in the namespace of the rate. */
function hookOf({ name, far }: LinkEnd): [link: string, hook: "ingress" | "egress"] {
  return far === undefined ? [name, "egress"] : [far, "ingress"];
}

function ensureClsact({ namespace }: SharedRatePlace, index: number): void {
  try {
    namespace.rtnetlink((batch) => addClsact(batch, index));
  } catch (error) {
    if (!refusedBy(error, ["EEXIST"])) throw error; // It has one already.
  }
}
