/**
 * The functions behind the methods of `Lab`, `Router`, `Interface` and the other handles. `late.ts`
 * loads them when a lab is created, and a handle calls them as `ops().setUp(...)`: so a script that
 * only imports Netyard does not load all of its code.
 */
export { linkState, setLink } from "../../native/netlink/link.ts";
export { firewallSchema } from "../firewall/config.ts";
export { DirectionProbe, measureOptionsSchema } from "../link/measure.ts";
export {
  directionSchema,
  requestedConditionSchema,
  resolveCondition,
  sameLimits,
} from "../link/mod.ts";
export { natSchema } from "../nat/config.ts";
export { natV6Schema } from "../nat/config_v6.ts";
export { madeIn, temporaryOf } from "./autoconf/kernel_addresses.ts";
export { captureBridge, captureMember } from "./bridging/capture.ts";
export { removeClosingDetours } from "./bridging/impair.ts";
export {
  attachedBy,
  memberName,
  memberNode,
  memberNodes,
  mustBeUp,
  namedPair,
} from "./bridging/members.ts";
export { changePartitions } from "./bridging/partition.ts";
export { applySettings, changeImpairments, plainSettings } from "./bridging/settings.ts";
export { disableUplink, enableUplink } from "./bridging/uplink.ts";
export { bridgeNamed, closeBridge } from "./build/bridge.ts";
export { addDevice, addInterface, removeInterface, setDefaultRoute } from "./build/device.ts";
export { attachMembers, detachMember } from "./build/members.ts";
export { addIp, dropIp, renewIp, replug } from "./build/replug.ts";
export { addRouter, awaitPrefix } from "./build/router.ts";
export { addVm } from "./build/vm.ts";
export { closeLab } from "./close.ts";
export { createCore } from "./create.ts";
export { emitPrefix, renewPrefix } from "./delegation/lifecycle.ts";
export { addHostEntry, hostKey } from "./dns.ts";
export { attachDisk, driveFaults } from "./guest/disk_options.ts";
export { settleGuest } from "./guest/guests.ts";
export { restoreLab, saveLab } from "./guest/lab_saving.ts";
export { loadSnapshot, restoreVm, saveVm } from "./guest/saving.ts";
export { askedBreak, breakForwarding, breakInterface } from "./link/broken_families.ts";
export { dropInFlight, emitCondition, setCondition } from "./link/conditions.ts";
export { emitDownlink, setDownlink } from "./link/downlink.ts";
export { setUp } from "./link/up_down.ts";
export { findLan, findNode } from "./model/lookup.ts";
export { CLAT_IP } from "./nat/clat.ts";
export { readRouterCounters } from "./wiring/router_counters.ts";
export { emitNatV6, setNatV6 } from "./nat/nat_v6.ts";
export { flushNat, loadFirewall, loadNat } from "./nat/rulesets.ts";
export {
  bandwidthSchema,
  dropRateSchema,
  latencySchema,
  memberSchema,
} from "./options/bridge_options.ts";
export { checkAdvertisement, checkNatV6 } from "./options/checks.ts";
export { checkDelegation } from "./options/delegation_checks.ts";
export { routerAdvertisementSchema } from "./options/ipv6_options.ts";
export { blockIcmpFragNeededSchema } from "./options/options.ts";
export { verdictOf } from "./recording/verdict.ts";
export { removeNode } from "./remove.ts";
export { announce, announcedBy, withdraw } from "./routing/announce.ts";
export { routeBridges, unrouteBridges } from "./routing/bridge_routes.ts";
export { setBlackHole } from "./wiring/black_hole.ts";
export { readMac } from "./wiring/hardware_address.ts";
export { ensureBridge } from "./wiring/links.ts";
export { addressesOf, announceAddresses, restoreNeighbours } from "./wiring/neighbours.ts";
export { inside } from "./wiring/rtnetlink.ts";
export * as regions from "./regions.ts";
