import { assertEquals } from "@std/assert";
import type { Step } from "../../../lib/sim/types/types.ts";
import { load, short, TOPOLOGY } from "./kit.ts";

const ALL = `${TOPOLOGY}
[matrix]
cond = ["good", "bad"]
n = [2, 3]
[matrix.params.cond]
good = { latency = "0", impaired = false }
bad = { latency = "200", impaired = true }

[sim]
name = "all-\${matrix.cond}-\${matrix.n}"
timeout = "2m"
seed = "\${matrix.n}"

[device.server]
count = "\${matrix.n}"
[device.server.eth0]
gateway = "dc"

[[step-template]]
name = "fetch"
kind = "run"
cmd = ["fetch"]
args = ["-v"]
env = { A = "1", B = 2 }
requires = [".url"]
[step-template.captures.size]
regex = "(\\\\d+)"
[step-template.captures.kept]
regex = "x"
[step-template.results]
down_bytes = ".size"

[[step-group]]
name = "serve"
[[step-group.step]]
kind = "spawn"
id = "\${group.id}"
device = "\${group.device}"
cmd = ["serve", "\${i}", "\${i * 2 + 1}", "\${HOME}"]
[step-group.step.captures.url]
regex = "http.*"
[[step-group.step]]
use = "fetch"
id = "\${group.id}-check"
device = "a"
requires = []
args = ["-\${group.id}"]

[[step]]
use = "serve"
vars = { id = "web", device = "server" }

[[step]]
when = "\${matrix.impaired}"
action = "set-impair"
device = "a"
impair = { latency_ms = "\${matrix.latency}" }

[[step]]
use = "fetch"
id = "get"
device = "peer"
requires = ["web.url"]
args = ["\${web-\${i % 2}.url}", "$NETYARD_IP_server_1"]
env = { B = "\${i}" }
timeout = "5s"
[step.captures.size]
regex = "size (\\\\d+)"

[[step]]
action = "wait-for"
id = "web"

[[step]]
action = "assert"
check = "get.size >= 1"
`;

const process = (step: Step) => step.action === "run" || step.action === "spawn" ? step : undefined;

Deno.test("matrix, groups, templates and counted devices are expanded together", async () => {
  const simulations = await load(ALL);
  assertEquals(
    simulations.map(({ name, variant, seed, timeoutMs, topology, steps }) => [
      name,
      variant,
      seed,
      timeoutMs,
      topology.devices?.server.count,
      steps.length,
    ]),
    [
      ["all-good-2", { cond: "good", n: "2" }, 2, 120_000, 2, 10],
      ["all-good-3", { cond: "good", n: "3" }, 3, 120_000, 3, 12],
      ["all-bad-2", { cond: "bad", n: "2" }, 2, 120_000, 2, 10],
      ["all-bad-3", { cond: "bad", n: "3" }, 3, 120_000, 3, 12],
    ],
  );
  const { steps } = simulations[2];
  const capture = (regex: RegExp) => ({ pipe: "stdout", regex });
  const fetch = (i: number) => ({
    action: "run",
    id: `get-${i}`,
    device: `peer-${i}`,
    cmd: ["fetch", "-v", `\${web-${i % 2}.url}`, "$NETYARD_IP_server_1"],
    env: { A: "1", B: String(i) },
    parser: "text",
    captures: { size: capture(/size (\d+)/v), kept: capture(/x/v) },
    results: { downBytes: `get-${i}.size` },
    requires: ["web-0.url", "web-1.url"],
    timeoutMs: 5000,
  });
  const serve = (i: number) => ({
    action: "spawn",
    id: `web-${i}`,
    device: `server-${i}`,
    cmd: ["serve", `${i}`, `${2 * i + 1}`, "${HOME}"],
    env: {},
    parser: "text",
    captures: { url: capture(/http[^\n]*/v) },
  });
  assertEquals(steps.map(short), [
    serve(0),
    serve(1),
    {
      action: "run",
      id: "web-check",
      device: "a",
      cmd: ["fetch", "-v", "-web"],
      env: { A: "1", B: "2" },
      parser: "text",
      captures: { size: capture(/(\d+)/v), kept: capture(/x/v) },
      results: { downBytes: "web-check.size" },
    },
    { action: "set-link-condition", id: "step-4", device: "a", condition: { latencyMs: 200 } },
    fetch(0),
    fetch(1),
    fetch(2),
    { action: "wait-for", id: "step-8", target: "web-0", timeoutMs: 300_000 },
    { action: "wait-for", id: "step-9", target: "web-1", timeoutMs: 300_000 },
    {
      action: "assert",
      id: "step-10",
      checks: [0, 1, 2].map((i) => ({
        text: "get.size >= 1",
        key: `get-${i}.size`,
        operator: ">=",
        operand: "1",
      })),
    },
  ]);
  assertEquals(simulations[0].steps.map(({ skipped }) => skipped).indexOf(true), 3);
});

Deno.test("a device with a count of 1 keeps its name, and has the number 0", async () => {
  const [{ steps }] = await load(`
[[router]]
name = "dc"
[device.x]
count = 1
[device.x.eth0]
gateway = "dc"
[[step]]
id = "go"
device = "x"
cmd = ["run", "\${i}"]
`);
  assertEquals(steps.map(process).map((step) => [step?.id, step?.device, step?.cmd]), [
    ["go", "x", ["run", "0"]],
  ]);
});

Deno.test("a step without a counted device leaves ${i} to the shell", async () => {
  const [{ steps }] = await load(`${TOPOLOGY}
[[step]]
device = "a"
cmd = ["sh", "-c", "for i in 1 2; do echo \${i}; done"]
`);
  assertEquals(process(steps[0])?.cmd[2], "for i in 1 2; do echo ${i}; done");
});

Deno.test("a name without a placeholder of the matrix ends in the values of the variant", async () => {
  const matrix = '[matrix]\nx = ["1/2", "b"]\ny = [true]\n';
  assertEquals(
    (await load(`${matrix}[sim]\nname = "s"\n`)).map(({ name }) => name),
    ["s-1_2-true", "s-b-true"],
  );
  assertEquals((await load(`${matrix}[sim]\n`)).map(({ name }) => name), [
    "a-1_2-true",
    "a-b-true",
  ]);
});

Deno.test("a placeholder without quotes stands for a number", async () => {
  const [{ steps, topology }] = await load(`${TOPOLOGY}
impair = { latency_ms = \${matrix.ms} } # not \${this}
[matrix]
ms = [30]
[[step]]
device = "a"
cmd = ["echo", "\${matrix.ms}", '\${matrix.ms}', """
\${matrix.ms}"""]
`);
  assertEquals(topology.devices?.peer.interfaces?.eth0.condition, { latencyMs: 30 });
  assertEquals(process(steps[0])?.cmd, ["echo", "30", "30", "30"]);
  assertEquals(steps[0].origin.where, "a.toml:15");
});

Deno.test("every action is loaded with its fields", async () => {
  const [{ steps }] = await load(`${TOPOLOGY}
[device.a.wlan0]
gateway = "dc"
[bridge.lan]
[region.eu]
latencies = { us = 40 }
[[step]]
action = "wait"
duration = "500ms"
[[step]]
action = "set-link-condition"
device = "a"
interface = "wlan0"
condition = "wifi"
direction = "up"
[[step]]
action = "set-link-condition"
device = "a"
[[step]]
action = "link-down"
device = "peer"
interface = "eth0"
[[step]]
action = "link-up"
device = "a"
[[step]]
action = "switch-route"
device = "a"
to = "wlan0"
[[step]]
action = "replug"
device = "a"
to = "lan"
[[step]]
action = "set-nat"
router = "dc"
nat = "home"
[[step]]
action = "flush-nat"
router = "dc"
[[step]]
action = "set-firewall"
router = "dc"
firewall = { inbound = "block" }
[[step]]
action = "break-region"
regions = ["eu", "us"]
[[step]]
action = "restore-region"
regions = ["us", "eu"]
[[step]]
action = "partition"
bridge = "dc"
members = ["a", "peer-1"]
[[step]]
action = "heal"
bridge = "lan"
from = "a"
to = "b"
[[step]]
action = "capture"
id = "packets"
device = "a"
filter = "udp"
duration = "2s"
[[step]]
action = "capture"
bridge = "lan"
[[step]]
action = "wait-for"
id = "packets"
timeout = 100
[[step]]
action = "gen-certs"
id = "certs"
device = "peer"
san = ["$NETYARD_IP_a", "peer-\${i}.test"]
[[step]]
action = "gen-file"
id = "file"
content = "\${packets.path} \${certs-1.cert_pem_path}"
`);
  assertEquals(steps.map(short), [
    { action: "wait", id: "step-1", durationMs: 500 },
    {
      action: "set-link-condition",
      id: "step-2",
      device: "a",
      interface: "wlan0",
      condition: "wifi",
      direction: "up",
    },
    { action: "set-link-condition", id: "step-3", device: "a", condition: null },
    { action: "link-down", id: "step-4", device: "peer-0", interface: "eth0" },
    { action: "link-down", id: "step-5", device: "peer-1", interface: "eth0" },
    { action: "link-down", id: "step-6", device: "peer-2", interface: "eth0" },
    { action: "link-up", id: "step-7", device: "a" },
    { action: "set-default-route", id: "step-8", device: "a", to: "wlan0" },
    { action: "replug", id: "step-9", device: "a", to: "lan" },
    { action: "set-nat", id: "step-10", router: "dc", nat: "home" },
    { action: "flush-nat", id: "step-11", router: "dc" },
    { action: "set-firewall", id: "step-12", router: "dc", firewall: { inbound: "block" } },
    { action: "break-region", id: "step-13", regions: ["eu", "us"] },
    { action: "restore-region", id: "step-14", regions: ["us", "eu"] },
    { action: "partition", id: "step-15", bridge: "dc", members: ["a", "peer-1"] },
    { action: "heal", id: "step-16", bridge: "lan", from: "a", to: "b" },
    { action: "capture", id: "packets", device: "a", filter: "udp", durationMs: 2000 },
    { action: "capture", id: "step-18", bridge: "lan" },
    { action: "wait-for", id: "step-19", target: "packets", timeoutMs: 100 },
    ...[0, 1, 2].map((i) => ({
      action: "gen-certs",
      id: `certs-${i}`,
      device: `peer-${i}`,
      cn: "netyard",
      san: ["$NETYARD_IP_a", `peer-${i}.test`],
    })),
    { action: "gen-file", id: "file", content: "${packets.path} ${certs-1.cert_pem_path}" },
  ]);
});

Deno.test("a step of a group is skipped if the group, or the step, is", async () => {
  const [{ steps }] = await load(`
[[step-group]]
name = "g"
[[step-group.step]]
action = "wait"
duration = "1s"
[[step-group.step]]
action = "wait"
duration = "1s"
when = "\${group.second}"
[[step]]
use = "g"
vars = { second = false }
[[step]]
use = "g"
vars = { second = true }
when = "false"
`);
  assertEquals(steps.map(({ skipped }) => skipped), [false, true, true, true]);
});
