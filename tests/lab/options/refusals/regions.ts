import {
  DuplicateNameError,
  InvalidNameError,
  InvalidOptionError,
  NodeRemovedError,
  NotFoundError,
  RegionInUseError,
  RegionLink,
  TopologyError,
} from "@netyard/netyard";
import { cidr, device, type Refusal, router, type Wrong } from "./world.ts";

const region = (name: Wrong): Refusal[1] => ({ lab }) => lab.addRegion(name);
const link = (a: Wrong, b: Wrong, how: Wrong): Refusal[1] => ({ lab }) =>
  lab.linkRegions(a, b, how);

const NAMES: Refusal[] = [
  ...["", "EU", "e u", undefined].map((name): Refusal => [
    `the region name ${JSON.stringify(name)}`,
    region(name),
    InvalidNameError,
    `${JSON.stringify(name)} is not a name`,
  ]),
  ["a region's name twice", region("eu"), DuplicateNameError, 'already has a region "eu"'],
  ["the IX's name for a region", region("ix"), DuplicateNameError, '"ix" is the IX'],
  [
    "default regions where one is there",
    ({ lab }) => lab.addDefaultRegions(),
    DuplicateNameError,
    'already has a region "us"',
  ],
  ...[router("region-x", {}), device("region-x", {}), region("region-x")].map((ask): Refusal => [
    "a name such as those of the nodes of regions",
    ask,
    InvalidNameError,
    '"region-x" begins with "region-"',
    "take another",
  ]),
  [
    "a region that is not there",
    ({ lab }) => lab.region("mars"),
    NotFoundError,
    'no region "mars"',
    "there are: eu, us, far",
  ],
  [
    "an interface of a region",
    ({ lab }) => lab.region("eu").interface("ix"),
    NotFoundError,
    'region eu: there is no interface "ix"',
  ],
];

const ROUTERS: Refusal[] = [
  [
    "a router in a region that is not there",
    router("new", { region: "mars" }),
    NotFoundError,
    'addRouter("new"): region: there is no region "mars"',
    "there are: eu, us, far",
  ],
  [
    "a router in a region of another lab",
    (world) => router("new", { region: world.foreignRegion })(world),
    TopologyError,
    'region "eu" is of another lab',
  ],
  [
    "a router in a region that was removed",
    (world) => router("new", { region: world.removedRegion })(world),
    NodeRemovedError,
    'region "gone" was removed',
  ],
  [
    "a router in a router",
    (world) => router("new", { region: world.lab.router("home") })(world),
    TopologyError,
    '"home" is not a region',
    "addRegion()",
  ],
  [
    "a router in a number",
    router("new", { region: 7 }),
    InvalidOptionError,
    '"region" is 7',
    "a region, or the name of one",
  ],
  [
    "a router both in a region and behind another",
    router("new", { region: "us", upstream: "dc" }),
    TopologyError,
    "both a region and an upstream",
    'router "dc" is in region "eu"',
  ],
  [
    "a router both in a region and behind one in none",
    router("new", { region: "us", upstream: "home" }),
    TopologyError,
    'router "home" is in no region',
  ],
  [
    "a region as an upstream",
    (world) => router("new", { upstream: world.lab.region("eu") })(world),
    TopologyError,
    "is no router",
  ],
  ...["198.18.32.0/24", "198.18.255.0/24", "203.0.113.8/30", "203.0.0.0/16"].map((
    block,
  ): Refusal => [
    `the addresses ${block} of regions`,
    cidr(block),
    TopologyError,
    `${block} overlaps`,
    "which is for regions",
  ]),
];

const CHANGES: Refusal[] = (["unlinkRegions", "breakRegionLink", "restoreRegionLink"] as const)
  .flatMap((method): Refusal[] => [
    [
      `${method}() of what is not linked`,
      ({ lab }) => lab[method]("eu", "far"),
      NotFoundError,
      `${method}("eu", "far"): these regions are not linked; linked regions: eu and us`,
    ],
    [
      `${method}() of one region`,
      ({ lab }) => lab[method]("eu", lab.region("eu")),
      TopologyError,
      `${method}("eu", "eu"): a region has no link to itself`,
    ],
    [
      `${method}() of another lab`,
      ({ lab, foreignRegion }) => lab[method](foreignRegion, "us"),
      TopologyError,
      'region "eu" is of another lab',
    ],
    [
      `${method}() of a region that was removed`,
      ({ lab, removedRegion }) => lab[method]("us", removedRegion),
      NodeRemovedError,
      'region "gone" was removed',
    ],
    [
      `${method}() of anything`,
      ({ lab }) => lab[method]("us", undefined as Wrong),
      TopologyError,
      '"undefined" is not a region',
    ],
  ]);

const LINKS: Refusal[] = [
  ["a region linked to itself", link("eu", "eu", {}), TopologyError, "no link to itself"],
  ["a link to nowhere", link("eu", "mars", {}), NotFoundError, 'no region "mars"'],
  ["a link to a router", link("eu", "home", {}), NotFoundError, 'no region "home"'],
  [
    "a link to another lab",
    (world) => link("us", world.foreignRegion, {})(world),
    TopologyError,
    "another lab",
  ],
  [
    "a link to a region that was removed",
    (world) => link("us", world.removedRegion, {})(world),
    NodeRemovedError,
    'region "gone" was removed',
  ],
  ["a link to nothing", link(null, "eu", {}), TopologyError, 'linkRegions("undefined", "eu")'],
  ["a link without a condition", link("eu", "far", undefined), InvalidOptionError, "missing"],
  [
    "a link with a preset of interfaces",
    link("eu", "far", "wifi"),
    InvalidOptionError,
    'linkRegions("eu", "far"): the value is "wifi"',
  ],
  [
    "a link that loses more than all",
    link("eu", "us", { lossPct: 101 }),
    InvalidOptionError,
    '"lossPct" is 101, but must be at most 100',
  ],
  [
    "a link that is faster than light",
    link("eu", "us", { latencyMs: -1 }),
    InvalidOptionError,
    '"latencyMs" is -1, but must be at least 0',
  ],
  [
    "a link of no length that is a number",
    () => RegionLink.good(NaN),
    InvalidOptionError,
    "RegionLink.good(): the value is NaN",
  ],
  [
    "to remove a region that a router is in",
    ({ lab }) => lab.remove(lab.region("eu")),
    RegionInUseError,
    'router "dc" is in region "eu"; remove it first',
  ],
  [
    "to remove a region that was removed",
    ({ lab, removedRegion }) => lab.remove(removedRegion),
    NodeRemovedError,
    "was removed",
  ],
];

export const REGIONS: Refusal[] = [...NAMES, ...ROUTERS, ...CHANGES, ...LINKS];
