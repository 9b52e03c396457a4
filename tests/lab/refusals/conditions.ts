import {
  InvalidOptionError,
  Lab,
  LinkEngineError,
  NodeRemovedError,
  NotFoundError,
  TopologyError,
} from "@netyard/netyard";
import { device, type Refusal, router, second, type World, type Wrong } from "./world.ts";

const set = (condition: Wrong, direction?: Wrong): Refusal[1] => ({ pc }) =>
  pc.interface("eth0").setCondition(condition, direction);
const downlink = (condition: Wrong): Refusal[1] => ({ lab }) =>
  lab.router("home").setDownlinkCondition(condition);
const inject = (fault: Wrong): Refusal[1] => ({ lab }) => lab.inject(fault);
const schedule = (steps: Wrong): Refusal[1] => ({ lab }) => lab.schedule(steps).done;
const measure = (options: Wrong): Refusal[1] => ({ pc }) => pc.interface("eth0").measure(options);

const eth0 = { node: "pc", interface: "eth0" };

/** What each place that takes a condition must say of bad ones. */
const NUMBERS: [limits: Wrong, says: string[]][] = [
  [{ lossPct: 101 }, ['"', 'lossPct" is 101', "at most 100"]],
  [{ lossPct: -1 }, ['lossPct" is -1', "at least 0"]],
  [{ duplicatePct: NaN }, ['duplicatePct" is NaN']],
  [{ corruptPct: "1" }, ['corruptPct" is "1"']],
  [{ reorderPct: Infinity }, ['reorderPct" is Infinity']],
  [{ latencyMs: 60_001 }, ['latencyMs" is 60001', "at most 60000"]],
  [{ jitterMs: -0.5 }, ['jitterMs" is -0.5', "at least 0"]],
  [{ rateKbit: 0.5 }, ['rateKbit" is 0.5', "at least 1"]],
  [{ rateKbit: 1e9 }, ['rateKbit" is 1000000000', "at most 100000000"]],
  [{ latency: 5 }, ['latency"', "latencyMs"]],
  ["wifi-bda", ['is "wifi-bda"', 'did you mean "wifi-bad"?']],
  [7, ["is 7"]],
];

const PLACES: [string, (condition: Wrong) => Refusal[1], says: string][] = [
  ["setCondition", (condition) => set(condition), 'pc: setCondition() of "eth0"'],
  ["setCondition up", (condition) => set(condition, "up"), 'pc: setCondition() of "eth0"'],
  ["setDownlinkCondition", downlink, "home: setDownlinkCondition()"],
  [
    "addDevice",
    (condition) => device("new", { interfaces: { eth0: { gateway: "home", condition } } }),
    'addDevice("new")',
  ],
  ["the second interface", (condition) => second({ gateway: "home", condition }), "addDevice"],
  [
    "one direction",
    (down) => second({ gateway: "home", condition: { up: "wifi", down } }),
    'addDevice("new")',
  ],
  [
    "addInterface",
    (condition) => ({ pc }) => pc.addInterface("eth9", { gateway: "home", condition }),
    "pc",
  ],
  [
    "addRouter",
    (downlinkCondition) => router("new", { downlinkCondition }),
    'addRouter("new")',
  ],
  ["degrade", (condition) => inject({ kind: "degrade", ...eth0, condition }), 'inject("degrade")'],
  [
    "degrade-downlink",
    (condition) => inject({ kind: "degrade-downlink", node: "home", condition }),
    'inject("degrade-downlink")',
  ],
];

const CONDITIONS: Refusal[] = [
  ...PLACES.flatMap(([place, ask, begins]) =>
    NUMBERS.map(([limits, says]): Refusal => [
      `${place}: ${Deno.inspect(limits)}`,
      ask(limits),
      InvalidOptionError,
      begins,
      ...says,
    ])
  ),
  [
    "limits for both directions beside one for each",
    second({ gateway: "home", condition: { up: "wifi", lossPct: 1 } }),
    InvalidOptionError,
    '"interfaces.eth1.condition" is { up: "wifi", lossPct: 1 }',
    "either limits for both directions, or those of each",
  ],
  ["a direction that does not exist", set("wifi", "upp"), InvalidOptionError, '"upp"', '"up"'],
  ["no condition at all", set(undefined), InvalidOptionError, "setCondition()"],
  [
    "a condition of a router's LAN",
    ({ lab }) => lab.router("home").interface("lan").setCondition("wifi"),
    TopologyError,
    "a router's LAN is no link of its own",
    "setDownlinkCondition()",
  ],
  [
    "a measurement of a router's LAN",
    ({ lab }) => lab.router("home").interface("lan").measure(),
    TopologyError,
    "a router's LAN is no link of its own",
  ],
  ["no probes", measure({ probes: 0 }), InvalidOptionError, '"probes" is 0', "at least 1"],
  ["half a probe", measure({ probes: 1.5 }), InvalidOptionError, '"probes" is 1.5'],
  ["too long an interval", measure({ intervalMs: 10_001 }), InvalidOptionError, '"intervalMs"'],
  ["an unknown option of measure", measure({ probe: 1 }), InvalidOptionError, '"probes"'],
];

const ENGINES: Refusal[] = [
  [
    "an engine that does not exist",
    () => Lab.create({ linkEngine: "netm" as Wrong }),
    InvalidOptionError,
    '"linkEngine" is "netm"',
    'did you mean "netem"?',
  ],
  [
    "an engine of the environment that does not exist",
    () => {
      const before = Deno.env.get("NETYARD_LINK_ENGINE");
      Deno.env.set("NETYARD_LINK_ENGINE", "emulatr");
      const asked = Lab.create();
      if (before === undefined) Deno.env.delete("NETYARD_LINK_ENGINE");
      else Deno.env.set("NETYARD_LINK_ENGINE", before);
      return asked;
    },
    LinkEngineError,
    'NETYARD_LINK_ENGINE is "emulatr"',
    "auto, netem, emulator",
    'did you mean "emulator"?',
  ],
];

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
    'no interface "lan" with a link of its own',
    "it has: ix",
  ],
  [
    "a downlink of a device",
    inject({ kind: "degrade-downlink", node: "pc", condition: "wifi" }),
    TopologyError,
    '"pc" is no router',
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
    "these regions have no link",
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
    'steps 0 and 1 are both called "cut"',
  ],
  ...[() => {}, "heal", { heal: "x" }].map((act): Refusal => [
    "a time that something without an end is to last",
    schedule([{ at: 0, do: act, for: "5s" }]),
    InvalidOptionError,
    '"[0].for" is "5s"',
    "must be left out where the step injects no fault",
  ]),
  [
    "an unknown option of a step",
    schedule([{ at: 0, do: () => {}, fr: "5s" }]),
    InvalidOptionError,
    '"[0].fr"',
    '"for"',
  ],
];

export const CONDITION_REFUSALS: Refusal[] = [
  ...CONDITIONS,
  ...ENGINES,
  ...FAULTS,
  ...SCHEDULES,
];
