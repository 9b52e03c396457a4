import type { Guest } from "../vm/guest.ts";
import { type GuestNic, guestParts, guestScript } from "../vm/guest_config.ts";
import { reseedPart } from "../vm/reseed.ts";
import { GuestCommandError } from "../vm/errors.ts";
import { ownAddresses } from "./configure.ts";
import type { LabCore } from "./core.ts";
import type { CardRecord, InterfaceRecord, VmRecord } from "./model.ts";

/** Has guests be what the lab says: their cards, addresses, routes and names. */

/** Tells all guests that run what has changed for them; resolves when they know. */
export async function settleGuests(core: LabCore): Promise<void> {
  const running = [...core.vms.values()].filter(({ machine }) => machine.state === "running");
  await Promise.all(running.map((vm) => settleGuest(core, vm, vm.machine.guest("settle"))));
}

const turns = new WeakMap<VmRecord, Promise<void>>();

/** As {@link settleGuests}, of one that perhaps nobody else may use yet. */
export function settleGuest(
  core: LabCore,
  vm: VmRecord,
  guest: Guest,
  how: "booted" | "resumed" | "runs" = "runs",
): Promise<void> {
  const before = turns.get(vm) ?? Promise.resolve();
  const turn = before.catch(() => {}).then(() => settle(core, vm, guest, how));
  turns.set(vm, turn);
  turn.catch(() => {});
  return turn;
}

async function settle(core: LabCore, vm: VmRecord, guest: Guest, how: string): Promise<void> {
  const { machine } = vm;
  for (const { card, iface } of vm.cards.values()) {
    await machine.plug({ ...card, linkUp: iface !== undefined && hasCarrier(iface) });
  }
  const { hosts, resolvConf } = core.names(vm.name);
  const nics = [...vm.cards].map(([name, card]) => guestNic(vm, name, card));
  const parts = guestParts({ hostname: vm.name, hosts, resolvConf, nics });
  if (how === "resumed") parts.set("random numbers", reseedPart(machine.source!.reseed));
  const changed = [...parts].filter(([about, part]) => vm.told.get(about) !== part);
  if (changed.length === 0) return;
  const stdin = guestScript(changed.map(([, part]) => part), machine.source!);
  const result = await guest.run(["/bin/sh", "-s"], { stdin });
  if (!result.ok()) {
    throw GuestCommandError.failed(`${vm.name}: telling the guest of its network`, result);
  }
  for (const [about, part] of changed) vm.told.set(about, part);
}

function hasCarrier(iface: InterfaceRecord): boolean {
  return iface.up && !iface.segment.bridging.disconnected.has(iface);
}

function guestNic(vm: VmRecord, name: string, { card, iface }: CardRecord): GuestNic {
  const { mac } = card;
  if (!iface) return { name, mac, mtu: 1500, addresses: [], gateways: [] };
  const { segment } = iface;
  const gateways = vm.defaultInterface === name
    ? [iface.ip && segment.v4?.gateway, iface.ip6 && segment.linkLocal]
    : [];
  return {
    name,
    mac,
    mtu: iface.mtu,
    addresses: ownAddresses(iface).map(({ ip, prefix }) => `${ip}/${prefix}`),
    gateways: gateways.filter((ip) => ip !== undefined).filter((ip) => ip !== ""),
  };
}
