/**
 * Run by `uplink_test.ts` in a device, whose network is the host's for it. It has a lab of two
 * bridges with a member each, and does what the lines of its input say: each is a JSON array of a
 * task's name and arguments, and is answered by one of JSON.
 */
import { Lab } from "@netyard/netyard";
import { observeSteps } from "../../../lib/lab/model/steps.ts";
import { connects, pings, seenBy, sh } from "../kit.ts";

const lab = await Lab.create({ label: "led out" });
const bridges = Object.fromEntries(["lan", "rack"].map((name) => [name, lab.bridge(name)]));
const members = Object.fromEntries(
  await Promise.all(["lan", "rack"].map(async (name) =>
    [
      name,
      await lab.addDevice(`in-${name}`, { interfaces: { eth0: { gateway: bridges[name] } } }),
    ] as const
  )),
);

const TASKS: Record<string, (...args: string[]) => unknown> = {
  enable: (bridge) => bridges[bridge].enableUplink(),
  disable: (bridge) => bridges[bridge].disableUplink(),
  isUplinked: (bridge) => bridges[bridge].isUplinked,
  member: (bridge) => ({ ip: members[bridge].ip, ip6: members[bridge].ip6 }),
  pings: (bridge, ip) => pings(members[bridge], ip),
  connects: (bridge, ip, port) => connects(members[bridge], ip, Number(port)),
  tcp: (bridge, ip, port) => seenBy(members[bridge], ip, Number(port)),
  async udp(bridge, ip, port) {
    return (await members[bridge].probeUdpMapping({ ip, port: Number(port) })).ip;
  },
  route: (a, b) => bridges[a].route(bridges[b]),
  sh: (bridge, line) => sh(members[bridge], line),
  /** The host's own answer. */
  async host(line) {
    const { stdout } = await new Deno.Command("sh", { args: ["-c", line] }).output();
    return new TextDecoder().decode(stdout).trim();
  },
  /** Enables an uplink with each of its steps failing in turn; which were there. */
  async failing(bridge) {
    const steps: string[] = [];
    for (let failAt = 0;; failAt++) {
      let n = 0;
      using _observer = observeSteps((step) => {
        if (n++ < failAt) return;
        steps.push(step);
        throw new Error(`${step} is to fail`);
      });
      try {
        await bridges[bridge].enableUplink();
        return steps;
      } catch (error) {
        if (!(error as Error).message.includes("is to fail")) throw error;
      }
    }
  },
  close: (bridge) => bridges[bridge].close(),
  closeLab: () => lab.close(),
  events: async () => {
    const kinds: string[] = [];
    for await (const event of lab.events()) {
      if (event.kind.startsWith("uplink")) {
        kinds.push(JSON.stringify({ ...event, seq: 0, at: "", elapsedMs: 0 }));
      }
      if (event.kind === "lab-closed") break;
    }
    return kinds;
  },
};

const input = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
let rest = "";
for await (const chunk of input) {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop()!;
  for (const line of lines) {
    const [task, ...args] = JSON.parse(line);
    let answer;
    try {
      answer = { value: await TASKS[task](...args) ?? null };
    } catch (error) {
      answer = { error: `${(error as Error).name}: ${(error as Error).message}` };
    }
    console.log(JSON.stringify(answer));
  }
}
await lab.close();
