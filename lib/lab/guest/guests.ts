/**
 * Guests of virtual machines, as the lab sees them: their network configuration, their disks, and
 * snapshots of one machine or of all. Imports `model`, `wiring` and `bridging`; `lib/vm` has the
 * machines themselves. Begin here.
 *
 * @module
 */
import type { Guest } from "../../vm/agent/guest.ts";
import { type GuestNic, guestParts, guestScript } from "../../vm/agent/guest_config.ts";
import defer * as reseed from "../../vm/agent/reseed.ts";
import { GuestCommandError } from "../../vm/options/errors.ts";
import { ownAddresses } from "../wiring/addresses.ts";
import type { LabCore } from "../model/lab.ts";
import type { InterfaceRecord, NicRecord, VmRecord } from "../model/records.ts";

/** Configures guests as the lab says: NICs, addresses, routes and names. */

/** Configures all running guests after a change; resolves when they are up to date. */
export async function settleGuests(core: LabCore): Promise<void> {
  await Promise.all([...core.vms.values()].map(async (vm) => {
    const { machine } = vm;
    await machine.idle();
    if (machine.state === "running") await settleGuest(core, vm, machine.guest("settle"));
  }));
}

const turns = new WeakMap<VmRecord, Promise<void>>();

/** As {@link settleGuests}, for one guest, also while its machine is still booting or restoring. */
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

/** Configures a guest until nothing is left to change: the lab may change meanwhile. */
async function settle(core: LabCore, vm: VmRecord, guest: Guest, how: string): Promise<void> {
  const { machine } = vm;
  const { state } = machine;
  try {
    while (machine.has(guest) && await configureGuest(core, vm, guest, how));
  } catch (error) {
    // After another boot the guest is configured completely anyway.
    if (machine.has(guest) && machine.state === state) throw error;
  }
}

/** The part that a resumed guest is given once. */
const RANDOM = "random numbers";

/** Configures a guest once. Returns whether anything had changed. */
async function configureGuest(
  core: LabCore,
  vm: VmRecord,
  guest: Guest,
  how: string,
): Promise<boolean> {
  const { machine } = vm;
  for (const { nic, iface } of vm.nics.values()) {
    const linkUp = iface !== undefined && hasCarrier(iface);
    await machine.plug(guest, { ...nic, linkUp });
  }
  const { hosts, resolvConf } = core.names(vm.name);
  const nics = [...vm.nics].map(([name, record]) => guestNic(vm, name, record));
  const parts = guestParts({ hostname: vm.name, hosts, resolvConf, nics });
  const { configured } = vm;
  if (how === "resumed" && !configured.has(RANDOM)) {
    parts.set(RANDOM, reseed.reseedPart(machine.source!.reseed));
  }
  const changed = [...parts].filter(([about, part]) => configured.get(about) !== part);
  if (changed.length === 0) return false;
  const moved = new Map(
    machine.nics.flatMap(({ savedMac, mac }) => savedMac ? [[savedMac, mac] as const] : []),
  );
  const stdin = guestScript(changed.map(([, part]) => part), machine.source!, moved);
  const result = await guest.run(["/bin/sh", "-s"], { stdin });
  if (!result.ok()) {
    throw GuestCommandError.failed(`${vm.name}: configuring the network of the guest`, result);
  }
  if (!machine.has(guest)) return false;
  for (const nic of machine.nics) delete nic.savedMac;
  for (const [about, part] of changed) configured.set(about, part);
  return true;
}

function hasCarrier(iface: InterfaceRecord): boolean {
  return iface.up && !iface.segment.bridging.disconnected.has(iface);
}

function guestNic(vm: VmRecord, name: string, { nic, iface }: NicRecord): GuestNic {
  const { mac } = nic;
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
