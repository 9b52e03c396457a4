import { InvalidOptionError, Lab, TopologyError } from "@netyard/netyard";
import { device, type Refusal, router, second, type Wrong } from "./world.ts";

export const OPTIONS: Refusal[] = [
  [
    "an unknown option of a lab",
    () => Lab.create({ labl: "x" } as Wrong),
    InvalidOptionError,
    '"labl"',
    "label",
  ],
  [
    "a seed that is no whole number",
    () => Lab.create({ seed: 1.5 }),
    InvalidOptionError,
    '"seed" is 1.5',
    "whole number",
  ],
  ["an empty label", () => Lab.create({ label: "" }), InvalidOptionError, '"label" is ""'],
  [
    "an unknown option of a router",
    router("new", { natt: "home" }),
    InvalidOptionError,
    '"natt"',
    '"nat"',
  ],
  [
    "an unknown option of a NAT",
    router("new", { nat: { mapping: "endpoint-independent", filter: 1 } }),
    InvalidOptionError,
    '"nat.filter"',
    "filtering",
  ],
  [
    "an unknown preset",
    router("new", { preset: "hoem" }),
    InvalidOptionError,
    '"preset" is "hoem"',
    'did you mean "home"?',
  ],
  [
    "an MTU that is no number",
    router("new", { mtu: "1500" }),
    InvalidOptionError,
    '"mtu" is "1500"',
    "must be",
  ],
  ["an MTU of nothing", router("new", { mtu: 0 }), InvalidOptionError, '"mtu" is 0', "at least 68"],
  [
    "an unknown option of a device",
    device("new", { interfaces: { eth0: { gateway: "home" } }, defaultvia: "eth0" }),
    InvalidOptionError,
    '"defaultvia"',
    '"defaultVia"',
  ],
  [
    "an unknown option of an interface",
    second({ gateway: "home", ipp: "10.0.1.9" }),
    InvalidOptionError,
    '"interfaces.eth1.ipp"',
    '"ip"',
  ],
  [
    "an interface without a gateway",
    second({}),
    InvalidOptionError,
    '"interfaces.eth1.gateway" is missing',
  ],
  [
    "a device without interfaces",
    device("new", { interfaces: {} }),
    InvalidOptionError,
    "at least one interface",
  ],
  ["a device without options", device("new", undefined), InvalidOptionError, 'addDevice("new")'],
  [
    "a device whose packets its router's LAN does not take",
    device("new", { interfaces: { eth0: { gateway: "home" } }, mtu: 1501 }),
    TopologyError,
    'addDevice("new"): mtu 1501 is larger than the 1500 of router "home"',
  ],
  [
    "an unknown option of addInterface",
    ({ pc }) => pc.addInterface("eth1", { gateway: "home", mtu: 9 } as Wrong),
    InvalidOptionError,
    '"mtu"',
    "gateway, ip",
  ],
];
