/** What labs must refuse, and how: cases for `refusals_test.ts` and `descriptors_main.ts`. */
import {
  AddressInUseError,
  AddressOutsideError,
  type Device,
  DuplicateNameError,
  InvalidAddressError,
  InvalidCidrError,
  InvalidNameError,
  InvalidOptionError,
  Lab,
  NodeRemovedError,
  NotFoundError,
  PoolExhaustedError,
  type Router,
  TopologyError,
} from "@netyard/netyard";

/** A lab with some of everything, and handles that are not its own. */
export class World implements AsyncDisposable {
  private constructor(
    readonly lab: Lab,
    readonly other: Lab,
    readonly pc: Device,
    /** A router of the other lab; this one has its namesake. */
    readonly foreign: Router,
    readonly removed: Router,
  ) {}

  static async create(): Promise<World> {
    const lab = await Lab.create({ seed: 1 });
    const other = await Lab.create();
    const foreign = await other.addRouter("home");
    const home = await lab.addRouter("home", { preset: "home" });
    await lab.addRouter("four", { ipSupport: "v4-only" });
    await lab.addRouter("six", { ipSupport: "v6-only" });
    const full = await lab.addRouter("full", { downstreamCidr: "10.77.0.0/30" });
    const removed = await lab.addRouter("removed");
    await lab.remove(removed);
    await lab.addDevice("guest", { interfaces: { eth0: { gateway: full } } });
    const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: home } } });
    return new World(lab, other, pc, foreign, removed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.close();
    await this.other.close();
  }
}

/** What is asked, the class of the error, and what its message says: the value, and the rule. */
export type Refusal = [
  name: string,
  ask: (world: World) => unknown,
  error: new (...args: never[]) => Error,
  ...says: string[],
];

// deno-lint-ignore no-explicit-any -- what the compiler would refuse is to be refused at run time too
type Wrong = any;

const router = (name: Wrong, options: Wrong) => ({ lab }: World) => lab.addRouter(name, options);
const device = (name: Wrong, options: Wrong) => ({ lab }: World) => lab.addDevice(name, options);
/** A device whose first interface is right, and the second is not. */
const second = (options: Wrong, more: object = {}) =>
  device("new", { interfaces: { eth0: { gateway: "home" }, eth1: options }, ...more });
const cidr = (downstreamCidr: Wrong, more: object = {}) =>
  router("new", { downstreamCidr, ...more });

const OPTIONS: Refusal[] = [
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
    "an unknown option of addInterface",
    ({ pc }) => pc.addInterface("eth1", { gateway: "home", mtu: 9 } as Wrong),
    InvalidOptionError,
    '"mtu"',
    "gateway, ip",
  ],
];

const NAMES: Refusal[] = [
  ...["", "Home", "-home", "a_b", "höme", "a".repeat(33), "a.b", "a b", 7, undefined, null].map(
    (name): Refusal => [
      `the name ${JSON.stringify(name)}`,
      router(name, {}),
      InvalidNameError,
      `${JSON.stringify(name)} is not a name`,
      '1 to 32 of a-z, 0-9 and "-"',
    ],
  ),
  [
    "a bad name of a device",
    device("A", { interfaces: { eth0: { gateway: "home" } } }),
    InvalidNameError,
    '"A" is not a name',
  ],
  [
    "a router's name twice",
    router("home", {}),
    DuplicateNameError,
    'already has a node "home"',
    "unique",
  ],
  ["a device's name for a router", router("pc", {}), DuplicateNameError, 'already has a node "pc"'],
  [
    "a router's name for a device",
    device("home", { interfaces: { eth0: { gateway: "home" } } }),
    DuplicateNameError,
    'already has a node "home"',
  ],
  ["the name of the exchange", router("ix", {}), DuplicateNameError, '"ix" is the exchange'],
  [
    "the exchange's name for a device",
    device("ix", { interfaces: { eth0: { gateway: "home" } } }),
    DuplicateNameError,
    '"ix" is the exchange',
  ],
  ...["", "0", "a.b", "eth0:1", "a/b", "a-name-of-16-let"].map((name): Refusal => [
    `the interface name "${name}"`,
    device("new", { interfaces: { eth0: { gateway: "home" }, [name]: { gateway: "home" } } }),
    InvalidNameError,
    `"${name}" is not an interface name`,
    "1 to 15 of",
  ]),
  ...["lo", "all", "default"].map((name): Refusal => [
    `the interface name "${name}"`,
    ({ pc }) => pc.addInterface(name, { gateway: "home" }),
    InvalidNameError,
    `reserves the interface name "${name}"`,
  ]),
  [
    "an interface without a name",
    ({ pc }) => pc.addInterface(undefined as Wrong, { gateway: "home" }),
    InvalidNameError,
    "undefined is not an interface name",
  ],
  [
    "an interface's name twice",
    ({ pc }) => pc.addInterface("eth0", { gateway: "home" }),
    DuplicateNameError,
    'already has an interface "eth0"',
  ],
  [
    "an interface that is not there",
    ({ pc }) => pc.interface("eth7"),
    NotFoundError,
    '"eth7"',
    "there are: eth0",
  ],
  [
    "a default route by an interface that is not there",
    ({ pc }) => pc.setDefaultRoute("eth7"),
    NotFoundError,
    '"eth7"',
    "there are: eth0",
  ],
  [
    "to remove an interface that is not there",
    ({ pc }) => pc.removeInterface("eth7"),
    NotFoundError,
    '"eth7"',
    "there are: eth0",
  ],
  [
    "a defaultVia that is not there",
    second({ gateway: "six" }, { defaultVia: "wlan0" }),
    NotFoundError,
    '"wlan0"',
    "eth0, eth1",
  ],
];

const REFERENCES: Refusal[] = [
  [
    "an upstream that is not there",
    router("new", { upstream: "nobody" }),
    NotFoundError,
    'no router "nobody"',
    "home, four, six, full",
  ],
  [
    "a router behind itself",
    router("new", { upstream: "new" }),
    TopologyError,
    "cannot be behind itself",
  ],
  [
    "an upstream of another lab",
    ({ lab, foreign }) => lab.addRouter("new", { upstream: foreign }),
    TopologyError,
    '"home" is of another lab',
  ],
  [
    "an upstream that was removed",
    ({ lab, removed }) => lab.addRouter("new", { upstream: removed }),
    NodeRemovedError,
    '"removed" was removed',
  ],
  [
    "an upstream that is a device",
    ({ lab, pc }) => lab.addRouter("new", { upstream: pc }),
    TopologyError,
    '"pc" is no router',
  ],
  [
    "an upstream that is the exchange",
    ({ lab }) => lab.addRouter("new", { upstream: lab.ix }),
    TopologyError,
    '"ix" is no router',
  ],
  [
    "an upstream that is anything",
    router("new", { upstream: { name: "home" } }),
    TopologyError,
    '"home" is no router',
    "addRouter()",
  ],
  [
    "an upstream that is a number",
    router("new", { upstream: 7 }),
    InvalidOptionError,
    '"upstream" is 7',
    "a router, or the name of one",
  ],
  [
    "no family in common with the upstream",
    router("new", { upstream: "four", ipSupport: "v6-only" }),
    TopologyError,
    "it is v6-only",
    '"four" is v4-only',
  ],
  [
    "a gateway that is not there",
    second({ gateway: "nobody" }),
    NotFoundError,
    'gateway of "eth1"',
    'no router "nobody"',
  ],
  [
    "a gateway of another lab",
    (world) => second({ gateway: world.foreign })(world),
    TopologyError,
    '"home" is of another lab',
  ],
  [
    "a gateway that was removed",
    (world) => second({ gateway: world.removed })(world),
    NodeRemovedError,
    '"removed" was removed',
  ],
  [
    "a gateway that is a device",
    (world) => second({ gateway: world.pc })(world),
    TopologyError,
    '"pc" is no router',
  ],
  [
    "to replug to a router that is not there",
    ({ pc }) => pc.interface("eth0").replug("nobody"),
    NotFoundError,
    'no router "nobody"',
  ],
  [
    "to replug to a router of another lab",
    ({ pc, foreign }) => pc.interface("eth0").replug(foreign),
    TopologyError,
    "of another lab",
  ],
  [
    "to replug to a router that was removed",
    ({ pc, removed }) => pc.interface("eth0").replug(removed),
    NodeRemovedError,
    '"removed" was removed',
  ],
  [
    "an event of a node of another lab",
    ({ lab, foreign }) => lab.emit("x", 1, foreign),
    TopologyError,
    "no node of this lab",
  ],
  [
    "an event of a node that was removed",
    ({ lab, removed }) => lab.emit("x", 1, removed),
    NodeRemovedError,
    '"removed" was removed',
  ],
];

const ADDRESSES: Refusal[] = [
  [
    "a network that is none",
    cidr("home"),
    InvalidCidrError,
    'router "new": downstreamCidr',
    '"home" is not a CIDR',
  ],
  ["a network without a prefix length", cidr("10.0.9.0"), InvalidCidrError, "no prefix length"],
  [
    "a network with host bits",
    cidr("10.0.9.1/24"),
    InvalidCidrError,
    "10.0.9.1/24 has host bits",
    "the network is 10.0.9.0/24",
  ],
  ["a network of IPv6", cidr("fd00:9::/64"), TopologyError, "fd00:9::/64 is not IPv4"],
  [
    "a network for two",
    cidr("10.0.9.0/31"),
    TopologyError,
    "10.0.9.0/31 must have a prefix length from 8 to 30",
  ],
  [
    "a network of everything",
    cidr("0.0.0.0/0"),
    TopologyError,
    "0.0.0.0/0 must have a prefix length from 8 to 30",
  ],
  ["a multicast network", cidr("224.0.0.0/24"), TopologyError, "224.0.0.0/24 overlaps 224.0.0.0/3"],
  [
    "the network of the loopback",
    cidr("127.1.0.0/16"),
    TopologyError,
    "127.1.0.0/16 overlaps 127.0.0.0/8",
  ],
  [
    "a network of another router",
    cidr("10.0.0.0/16"),
    TopologyError,
    "10.0.0.0/16 overlaps 10.0.1.0/24",
    'router "home"',
  ],
  [
    "a part of another router's network",
    cidr("10.77.0.0/30"),
    TopologyError,
    "10.77.0.0/30 overlaps",
    '"full"',
  ],
  [
    "the exchange's network",
    cidr("198.18.8.0/24"),
    TopologyError,
    "198.18.8.0/24 overlaps the exchange's 198.18.0.0/20",
  ],
  [
    "an IPv4 network of a v6-only router",
    cidr("10.0.9.0/24", { ipSupport: "v6-only" }),
    TopologyError,
    "downstreamCidr is IPv4, but the router is v6-only",
  ],
  [
    "an MTU too small for IPv6",
    router("new", { mtu: 1279 }),
    TopologyError,
    "mtu 1279 is too small for IPv6",
    "1280",
    "v4-only",
  ],
  [
    "a router behind a LAN that is full",
    router("new", { upstream: "full" }),
    PoolExhaustedError,
    "10.77.0.0/30 is used up",
  ],
  [
    "a device in a LAN that is full",
    second({ gateway: "full" }),
    PoolExhaustedError,
    'new: interface "eth1"',
    "10.77.0.0/30 is used up",
  ],
  [
    "an address that is none",
    second({ gateway: "home", ip: "10.0.1" }),
    InvalidAddressError,
    'interface "eth1"',
    "10.0.1",
  ],
  [
    "an address outside",
    second({ gateway: "home", ip: "10.0.2.9" }),
    AddressOutsideError,
    "10.0.2.9",
    "from 10.0.1.1 to 10.0.1.254",
  ],
  [
    "an address that is taken",
    second({ gateway: "home", ip: "10.0.1.2" }),
    AddressInUseError,
    "10.0.1.2",
    "already taken",
  ],
  [
    "the gateway's address",
    second({ gateway: "home", ip: "10.0.1.1" }),
    AddressInUseError,
    "10.0.1.1",
    "already reserved",
  ],
  [
    "the broadcast address",
    second({ gateway: "home", ip: "10.0.1.255" }),
    AddressOutsideError,
    "10.0.1.255",
  ],
  [
    "an IPv4 address of a v6-only router",
    second({ gateway: "six", ip: "10.0.9.9" }),
    TopologyError,
    '10.0.9.9 was asked for, but "six" has no IPv4',
  ],
  [
    "an MTU too small for a gateway's IPv6",
    second({ gateway: "six" }, { mtu: 1000 }),
    TopologyError,
    'mtu 1000 is too small for the IPv6 of router "home"',
    "1280",
  ],
  [
    "another interface in a LAN that is full",
    ({ pc }) => pc.addInterface("eth1", { gateway: "full" }),
    PoolExhaustedError,
    'pc: interface "eth1"',
    "used up",
  ],
  [
    "another interface with a taken address",
    ({ pc }) => pc.addInterface("eth1", { gateway: "full", ip: "10.77.0.2" }),
    AddressInUseError,
    "10.77.0.2",
    "taken",
  ],
  [
    "to replug to a LAN that is full",
    ({ pc }) => pc.interface("eth0").replug("full"),
    PoolExhaustedError,
    "used up",
  ],
  [
    "to renew the only address",
    ({ lab }) => lab.device("guest").interface("eth0").renewIp(),
    PoolExhaustedError,
    "guest: renewIp()",
    "used up",
  ],
  [
    "an added address that is none",
    ({ pc }) => pc.interface("eth0").addIp("x", 24),
    InvalidAddressError,
    'pc: addIp("x", 24)',
  ],
  [
    "an added address with a prefix of 33",
    ({ pc }) => pc.interface("eth0").addIp("10.9.9.9", 33),
    TopologyError,
    "from 1 to 32",
  ],
  [
    "an added address with a prefix of 1.5",
    ({ pc }) => pc.interface("eth0").addIp("fd00::1", 1.5),
    TopologyError,
    "from 1 to 128",
  ],
  [
    "an added address that is there",
    ({ pc }) => pc.interface("eth0").addIp(pc.ip!, 24),
    TopologyError,
    "has this address already",
  ],
  [
    "an added address that is another's",
    ({ pc }) => pc.interface("eth0").addIp("10.0.1.1", 24),
    AddressInUseError,
    "10.0.1.1",
  ],
];

export const REFUSALS: Refusal[] = [...OPTIONS, ...NAMES, ...REFERENCES, ...ADDRESSES];
