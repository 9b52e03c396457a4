import { linkLocalFromMac } from "../../address/mod.ts";
import { configureLoopback } from "../wiring/addresses.ts";
import type { LabCore } from "../model/lab.ts";
import { ETHERNET_MTU } from "../options/families.ts";
import { newSegment } from "../model/segment.ts";
import { undoing } from "../model/undo.ts";

/** Builds the exchange, which every lab has. */
export function addExchange(core: LabCore): void {
  undoing((defer) => {
    const record = core.node("ix", "ix", defer);
    const { ix4, ix6 } = core.addresses;
    const mac = core.nextMac(defer);
    const gateway = { mac, linkLocal: linkLocalFromMac(mac), mtu: ETHERNET_MTU };
    core.ix = { record, segment: newSegment("exchange", record, gateway, ix4, ix6) };
    configureLoopback(core, record, [ix4.gateway, ix6.gateway]);
  });
}
