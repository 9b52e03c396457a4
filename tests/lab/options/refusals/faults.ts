import {
  InvalidOptionError,
  NodeRemovedError,
  NotFoundError,
  TopologyError,
} from "@netyard/netyard";
import type { Refusal, World, Wrong } from "./world.ts";

const inject = (fault: Wrong): Refusal[1] => ({ lab }) => lab.inject(fault);
const schedule = (steps: Wrong): Refusal[1] => ({ lab }) => lab.schedule(steps).done;

const eth0 = { node: "pc", interface: "eth0" };

const FAULTS: Refusal[] = [
  ["an unknown fault", inject({ kind: "link-dwn", ...eth0 }), InvalidOptionError, '"link-dwn"'],
  ["a fault that is nothing", inject(undefined), InvalidOptionError, "inject(undefined)"],
  [
    "a fault of a node that is not there",
    inject({ kind: "link-down", node: "nobody", interface: "eth0" }),
    NotFoundError,
    'no node "nobody"',
    "home",
  ],
  [
    "a fault of a node of another lab",
    ({ lab, foreign }: World) => lab.inject({ kind: "link-down", node: foreign, interface: "ix" }),
    TopologyError,
    "no node of this lab",
  ],
  [
    "a fault of a node that was removed",
    ({ lab, removed }: World) => lab.inject({ kind: "link-down", node: removed, interface: "ix" }),
    NodeRemovedError,
    '"removed" was removed',
  ],
  [
    "a fault of an interface that is not there",
    inject({ kind: "link-down", node: "pc", interface: "eth7" }),
    NotFoundError,
    '"pc" has no interface "eth7"',
    "it has: eth0",
  ],
  [
    "a fault of a router's LAN",
    inject({ kind: "degrade", node: "home", interface: "lan", condition: "wifi" }),
    NotFoundError,
    'no interface "lan"',
    "it has: ix",
  ],
  [
    "a downlink of a device",
    inject({ kind: "degrade-downlink", node: "pc", condition: "wifi" }),
    TopologyError,
    '"pc" is not a router',
  ],
  [
    "a flap without times",
    inject({ kind: "flap", ...eth0, down: "1s" }),
    InvalidOptionError,
    '"up" is missing',
  ],
  [
    "a flap of no time",
    inject({ kind: "flap", ...eth0, down: "0ms", up: "1s" }),
    InvalidOptionError,
    '"down" is "0ms"',
    "more than 0",
  ],
  [
    "a flap that never happens",
    inject({ kind: "flap", ...eth0, down: 5, up: 5, times: 0 }),
    InvalidOptionError,
    '"times" is 0',
    "at least 1",
  ],
  [
    "an option of another fault",
    inject({ kind: "link-down", ...eth0, condition: "wifi" }),
    InvalidOptionError,
    '"condition"',
  ],
  [
    "a partition of regions that have no link",
    inject({ kind: "partition", a: "eu", b: "far" }),
    NotFoundError,
    "these regions are not linked",
    "eu and us",
  ],
  [
    "a partition of a region with itself",
    inject({ kind: "partition", a: "eu", b: "eu" }),
    TopologyError,
    "no link to itself",
  ],
  [
    "a bad link between regions",
    inject({ kind: "degrade-regions", a: "eu", b: "us", link: { lossPct: 200 } }),
    InvalidOptionError,
    '"link.lossPct" is 200',
    "at most 100",
  ],
];

const SCHEDULES: Refusal[] = [
  ["steps that are no list", schedule({ at: 0 }), InvalidOptionError, "schedule()"],
  [
    "a time that is none",
    schedule([{ at: "soon", do: () => {} }]),
    InvalidOptionError,
    '"[0].at" is "soon"',
    '"500ms"',
  ],
  [
    "a time before the start",
    schedule([{ at: 0, do: () => {} }, { at: -1, do: "heal" }]),
    InvalidOptionError,
    '"[1].at" is -1',
    "at least 0",
  ],
  [
    "a step that does nothing",
    schedule([{ at: 0, do: "hael" }]),
    InvalidOptionError,
    '"[0].do" is "hael"',
  ],
  [
    "a step whose fault is wrong",
    schedule([{ at: 0, do: { kind: "degrade", ...eth0, condition: { lossPct: 101 } } }]),
    InvalidOptionError,
    "lossPct",
    "at most 100",
  ],
  [
    "a step whose fault has a number that is none",
    schedule([{ at: 0, do: { kind: "degrade", ...eth0, condition: { lossPct: "1" } } }]),
    InvalidOptionError,
    'lossPct" is "1"',
  ],
  [
    "a heal of a step that is not there",
    schedule([{ at: 0, do: { kind: "link-down", ...eth0 }, name: "cut" }, {
      at: 1,
      do: { heal: "cat" },
    }]),
    NotFoundError,
    'step 1 heals "cat"',
    "there are: cut",
  ],
  [
    "a heal of a step without a fault",
    schedule([{ at: 0, do: () => {}, name: "act" }, { at: 1, do: { heal: "act" } }]),
    NotFoundError,
    'step 1 heals "act"',
    "there are: none",
  ],
  [
    "two steps of one name",
    schedule([0, 1].map((at) => ({ at, do: { kind: "link-down", ...eth0 }, name: "cut" }))),
    InvalidOptionError,
    'steps 0 and 1 have the same name "cut"',
  ],
  ...[() => {}, "heal", { heal: "x" }].map((act): Refusal => [
    "a time that something without an end is to last",
    schedule([{ at: 0, do: act, for: "5s" }]),
    InvalidOptionError,
    '"[0].for" is "5s"',
    "must be left out: the step injects no fault",
  ]),
  [
    "an unknown option of a step",
    schedule([{ at: 0, do: () => {}, fr: "5s" }]),
    InvalidOptionError,
    '"[0].fr"',
    '"for"',
  ],
];

export const FAULT_REFUSALS: Refusal[] = [...FAULTS, ...SCHEDULES];
