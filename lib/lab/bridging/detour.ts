import type { LabCore } from "../model/lab.ts";
import { addVethHere, deleteLink, setLink } from "../../../native/netlink/link.ts";
import { setSysctl } from "../../../native/sysctl.ts";
import { unimpaired } from "../model/condition_state.ts";
import { inside } from "../wiring/rtnetlink.ts";
import { takeAway } from "../../../native/netlink/refusal.ts";
import type { Detour, Segment } from "../model/records.ts";
import { ETHERNET_MTU } from "../options/families.ts";
import { step } from "../model/steps.ts";
import { besideOthers } from "../wiring/links.ts";

/**
 * Makes the veth pair of a detour, in the namespace of the bridge. It only forwards frames: it has no
 * addresses, answers nothing, and takes frames of any length.
 */
export function makeDetour(
  core: LabCore,
  segment: Segment,
  at: Pick<Detour, "from" | "to" | "direction">,
): Detour {
  step("detour");
  const { owner, bridging } = segment;
  const number = ++bridging.lastDetour;
  const [entry, exit] = besideOthers([owner], undefined, () => {
    const ends = ["a", "b"].map((end) => ({
      name: nameOf(number, end, (name) => owner.links.has(name)),
      index: owner.nextIndex++,
    }));
    inside(owner, (batch) => {
      addVethHere(batch, ends[0], ends[1], Math.max(segment.mtu, ETHERNET_MTU));
    });
    return ends;
  });
  try {
    owner.runtime.namespace.enter(() => {
      // Otherwise the kernel would send multicast reports on it, as on any link.
      for (const { name } of [entry, exit]) setSysctl(`net.ipv6.conf.${name}.disable_ipv6`, 1);
    });
    inside(owner, (batch) => {
      for (const { index } of [entry, exit]) setLink(batch, index, { up: true });
    });
    core.unsettled.add(owner, [entry.index, exit.index]);
  } catch (error) {
    takeAway(() => inside(owner, (batch) => deleteLink(batch, entry.index)));
    throw error;
  }
  for (const { name } of [entry, exit]) owner.links.add(name);
  const detour: Detour = { ...at, number, entry, exit, condition: unimpaired(), closing: false };
  bridging.detours.add(detour);
  return detour;
}

function nameOf(number: number, end: string, taken: (name: string) => boolean): string {
  for (let n = number;; n += 1_000) if (!taken(`p${n}${end}`)) return `p${n}${end}`;
}
