import { InvalidOptionError, Lab, LinkEngineError, TopologyError } from "@netyard/netyard";
import { device, type Refusal, router, second, type Wrong } from "./world.ts";

const set = (condition: Wrong, direction?: Wrong): Refusal[1] => ({ pc }) =>
  pc.interface("eth0").setCondition(condition, direction);
const downlink = (condition: Wrong): Refusal[1] => ({ lab }) =>
  lab.router("home").setDownlinkCondition(condition);
const inject = (fault: Wrong): Refusal[1] => ({ lab }) => lab.inject(fault);
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
    async () => {
      const before = Deno.env.get("NETYARD_LINK_ENGINE");
      Deno.env.set("NETYARD_LINK_ENGINE", "emulatr");
      try {
        return await Lab.create();
      } finally {
        if (before === undefined) Deno.env.delete("NETYARD_LINK_ENGINE");
        else Deno.env.set("NETYARD_LINK_ENGINE", before);
      }
    },
    LinkEngineError,
    'NETYARD_LINK_ENGINE is "emulatr"',
    "auto, netem, emulator",
    'did you mean "emulator"?',
  ],
];

export const CONDITION_REFUSALS: Refusal[] = [...CONDITIONS, ...ENGINES];
