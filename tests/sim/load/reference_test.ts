import { assertEquals } from "@std/assert";
import { load, short } from "./kit.ts";

const IPERF = `[sim]
name = "iperf-baseline"
topology = "1to1-public"

[[step]]
action = "spawn"
id = "iperf-server"
device = "provider"
cmd = ["iperf3", "-s", "-1"]
ready_after = "1s"

[[step]]
action = "run"
id = "iperf-run"
device = "fetcher"
parser = "json"
cmd = ["iperf3", "-c", "$NETSIM_IP_provider", "-t", "10", "-J"]
[step.captures.bytes]
pick = ".end.sum_received.bytes"
[step.captures.seconds]
pick = ".end.sum_received.seconds"
[step.results]
duration = "iperf-run.seconds"
down_bytes = "iperf-run.bytes"

[[step]]
action = "wait-for"
id = "iperf-server"

[[step]]
action = "assert"
checks = [
  "iperf-run.bytes matches [0-9]+",
]
`;

const PUBLIC = `[[router]]
name = "dc"
[device.provider.eth0]
gateway = "dc"
[device.fetcher.eth0]
gateway = "dc"
`;

Deno.test("the reference's iperf simulation is loaded with its topology", async () => {
  const [simulation] = await load(
    { "sims/iperf.toml": IPERF, "topos/1to1-public.toml": PUBLIC },
    ["sims"],
  );
  const { steps, ...rest } = simulation;
  assertEquals(rest, {
    name: "iperf-baseline",
    file: "sims/iperf.toml",
    variant: {},
    topology: {
      routers: [{ name: "dc" }],
      devices: {
        provider: { interfaces: { eth0: { gateway: "dc" } } },
        fetcher: { interfaces: { eth0: { gateway: "dc" } } },
      },
    },
    binaries: [],
    prepare: [],
  });
  assertEquals(steps.map(short), [
    {
      action: "spawn",
      id: "iperf-server",
      device: "provider",
      cmd: ["iperf3", "-s", "-1"],
      env: {},
      parser: "text",
      captures: {},
      readyAfterMs: 1000,
    },
    {
      action: "run",
      id: "iperf-run",
      device: "fetcher",
      cmd: ["iperf3", "-c", "$NETSIM_IP_provider", "-t", "10", "-J"],
      env: {},
      parser: "json",
      captures: {
        bytes: { pipe: "stdout", pick: ".end.sum_received.bytes" },
        seconds: { pipe: "stdout", pick: ".end.sum_received.seconds" },
      },
      results: { duration: "iperf-run.seconds", downBytes: "iperf-run.bytes" },
    },
    { action: "wait-for", id: "step-3", target: "iperf-server", timeoutMs: 300_000 },
    {
      action: "assert",
      id: "step-4",
      checks: [{
        text: "iperf-run.bytes matches [0-9]+",
        key: "iperf-run.bytes",
        operator: "matches",
        operand: "[0-9]+",
        regex: /[0-9]+/v,
      }],
    },
  ]);
  assertEquals(
    steps.map(({ origin }) => origin.where),
    [5, 12, 26, 30].map((n) => `sims/iperf.toml:${n}`),
  );
});

Deno.test("the reference's ping simulation is loaded with the topology in it", async () => {
  const [simulation] = await load(`[sim]
name = "ping-latency"

[[router]]
name = "dc"
[device.sender.eth0]
gateway = "dc"
impair = { latency_ms = 100 }
[device.receiver.eth0]
gateway = "dc"

[[step]]
action = "run"
id = "ping-check"
device = "sender"
cmd = ["ping", "-c", "3", "$NETSIM_IP_receiver"]
parser = "text"
[step.captures.avg_rtt]
pipe = "stdout"
regex = "rtt min/avg/max/mdev = [\\\\d.]+/([\\\\d.]+)/"
[step.results]
latency_ms = "ping-check.avg_rtt"
`);
  assertEquals(simulation.topology, {
    routers: [{ name: "dc" }],
    devices: {
      sender: { interfaces: { eth0: { gateway: "dc", condition: { latencyMs: 100 } } } },
      receiver: { interfaces: { eth0: { gateway: "dc" } } },
    },
  });
  assertEquals(simulation.steps.map(short), [{
    action: "run",
    id: "ping-check",
    device: "sender",
    cmd: ["ping", "-c", "3", "$NETSIM_IP_receiver"],
    env: {},
    parser: "text",
    captures: {
      avg_rtt: { pipe: "stdout", regex: /rtt min\/avg\/max\/mdev = [\d\x2e]+\/([\d\x2e]+)\//v },
    },
    results: { latencyMs: "ping-check.avg_rtt" },
  }]);
});

const DEFAULTS = `[[prepare]]
mode = "build"
all-features = true
bins = ["relay"]

[[binary]]
name = "transfer"
mode = "target"
example = "transfer"

[[binary]]
name = "relay"
mode = "target"
bin = "relay"

[[step-group]]
name = "relay-setup"

[[step-group.step]]
action = "gen-certs"
id = "\${group.device}-cert"
device = "\${group.device}"

[[step-group.step]]
action = "gen-file"
id = "\${group.device}-cfg"
content = """
cert = "\${\${group.device}-cert.cert_pem_path}"
"""

[[step-group.step]]
action = "spawn"
id = "\${group.device}"
device = "\${group.device}"
cmd = ["\${binary.relay}", "--config-path", "\${\${group.device}-cfg.path}"]
[step-group.step.captures.ready]
pipe = "stderr"
regex = "relay: serving on"

[[step-template]]
name = "transfer-provider"
action = "spawn"
parser = "ndjson"
cmd = ["\${binary.transfer}", "provide"]
env = { RUST_LOG = "info" }
[step-template.captures.endpoint_id]
match = { kind = "EndpointBound" }
pick = ".endpoint_id"

[[step-template]]
name = "transfer-fetcher"
action = "spawn"
parser = "ndjson"
cmd = ["\${binary.transfer}", "fetch"]
[step-template.captures.size]
match = { kind = "DownloadComplete" }
pick = ".size"
[step-template.results]
down_bytes = ".size"
`;

const TRANSFER = `[[extends]]
file = "defaults.toml"

[sim]
name = "1to1-nat"

[[router]]
name = "dc"
[device.relay.eth0]
gateway = "dc"
[device.provider.eth0]
gateway = "dc"
[device.fetcher.eth0]
gateway = "dc"

[[step]]
use = "relay-setup"
vars = { device = "relay" }

[[step]]
use = "transfer-provider"
id = "provider"
device = "provider"
requires = ["relay.ready"]
args = ["--relay-url", "https://$NETSIM_IP_relay:3340"]

[[step]]
use = "transfer-fetcher"
id = "fetcher"
device = "fetcher"
args = ["\${provider.endpoint_id}"]

[[step]]
action = "wait-for"
id = "fetcher"
timeout = "45s"

[[step]]
action = "assert"
checks = ["fetcher.size matches [0-9]+"]
`;

Deno.test("the reference's transfer is loaded with the templates and the group of another file", async () => {
  const [{ steps, binaries, prepare }] = await load(
    { "sims/transfer.toml": TRANSFER, "defaults.toml": DEFAULTS },
    ["sims/transfer.toml"],
  );
  assertEquals(binaries.map(({ origin, ...rest }) => ({ ...rest, where: origin.where })), [
    {
      name: "transfer",
      mode: "target",
      example: "transfer",
      features: [],
      allFeatures: false,
      where: "defaults.toml:6",
    },
    {
      name: "relay",
      mode: "target",
      bin: "relay",
      features: [],
      allFeatures: false,
      where: "defaults.toml:11",
    },
  ]);
  assertEquals(prepare.map(({ origin: _, ...rest }) => rest), [
    { examples: [], bins: ["relay"], features: [], allFeatures: true },
  ]);
  assertEquals(steps.map(short), [
    { action: "gen-certs", id: "relay-cert", device: "relay", cn: "netyard" },
    { action: "gen-file", id: "relay-cfg", content: 'cert = "${relay-cert.cert_pem_path}"\n' },
    {
      action: "spawn",
      id: "relay",
      device: "relay",
      cmd: ["${binary.relay}", "--config-path", "${relay-cfg.path}"],
      env: {},
      parser: "text",
      captures: { ready: { pipe: "stderr", regex: /relay: serving on/v } },
    },
    {
      action: "spawn",
      id: "provider",
      device: "provider",
      cmd: ["${binary.transfer}", "provide", "--relay-url", "https://$NETSIM_IP_relay:3340"],
      env: { RUST_LOG: "info" },
      parser: "ndjson",
      captures: {
        endpoint_id: { pipe: "stdout", match: { kind: "EndpointBound" }, pick: ".endpoint_id" },
      },
      requires: ["relay.ready"],
    },
    {
      action: "spawn",
      id: "fetcher",
      device: "fetcher",
      cmd: ["${binary.transfer}", "fetch", "${provider.endpoint_id}"],
      env: {},
      parser: "ndjson",
      captures: { size: { pipe: "stdout", match: { kind: "DownloadComplete" }, pick: ".size" } },
      results: { downBytes: "fetcher.size" },
    },
    { action: "wait-for", id: "step-6", target: "fetcher", timeoutMs: 45_000 },
    {
      action: "assert",
      id: "step-7",
      checks: [{
        text: "fetcher.size matches [0-9]+",
        key: "fetcher.size",
        operator: "matches",
        operand: "[0-9]+",
        regex: /[0-9]+/v,
      }],
    },
  ]);
  assertEquals(steps.slice(0, 4).map(({ origin }) => origin.where), [
    "defaults.toml:19",
    "defaults.toml:24",
    "defaults.toml:31",
    "sims/transfer.toml:20",
  ]);
});
