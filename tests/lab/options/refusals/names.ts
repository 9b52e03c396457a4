import { DuplicateNameError, InvalidNameError, NotFoundError } from "@netyard/netyard";
import { device, type Refusal, router, second, type Wrong } from "./world.ts";

export const NAMES: Refusal[] = [
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
  ["the name of the IX", router("ix", {}), DuplicateNameError, '"ix" is the IX'],
  [
    "the IX's name for a device",
    device("ix", { interfaces: { eth0: { gateway: "home" } } }),
    DuplicateNameError,
    '"ix" is the IX',
  ],
  ...["", "0", ".", "..", ".eth0", "eth0:1", "a/b", "a-name-of-16-let"].map((name): Refusal => [
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
