import type { Device, Lab, Router } from "@netyard/netyard";

/** Attaches a device to a router's LAN. */
export function attach(lab: Lab, name: string, gateway: Router): Promise<Device> {
  return lab.addDevice(name, { interfaces: { eth0: { gateway } } });
}

/** Attaches several devices to a router's LAN. */
export function attachAll(lab: Lab, names: string[], gateway: Router): Promise<Device[]> {
  return Promise.all(names.map((name) => attach(lab, name, gateway)));
}

/** Adds a router without NAT or firewall, with servers on public addresses behind it. */
export async function servers(lab: Lab, ...names: string[]): Promise<Device[]> {
  return await attachAll(lab, names, await lab.addRouter("dc", { preset: "public" }));
}
