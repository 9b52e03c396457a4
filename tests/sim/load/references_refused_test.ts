import { assertRefused, step } from "./kit.ts";

Deno.test("nodes, interfaces, regions and members that are not in the topology are refused", () =>
  assertRefused([
    [
      step(`device = "aa"
cmd = ["x"]
`),
      'a.toml:12: "device" is "aa", but the topology has no such node; did you mean "a"? It has: a, b, peer-0, peer-1, peer-2, dc',
    ],
    [
      step(`action = "link-down"
device = "a"
interface = "eth1"
`),
      'a.toml:14: "interface" is "eth1", but "a" has no such interface; did you mean "eth0"? It has: eth0',
    ],
    [
      step(`action = "set-nat"
router = "dd"
nat = "hom"
`),
      'a.toml:14: set-nat: "nat" is "hom", but must be one of none, home, corporate, cgnat, cloud-nat, full-cone or a NAT table; did you mean "home"?',
    ],
    [
      step(`action = "set-nat"
router = "dd"
nat = "home"
`),
      'a.toml:13: "router" is "dd", but the topology has no such router; did you mean "dc"? It has: dc',
    ],
    [
      step(`action = "break-region"
regions = ["a", "b"]
`),
      'a.toml:13: "regions[0]" is "a", but the topology has no such region. It has: none',
      'a.toml:13: "regions[1]" is "b", but the topology has no such region. It has: none',
    ],
    [
      step(`action = "partition"
bridge = "dc"
members = ["a", "peer"]
`),
      'a.toml:14: "members[1]" is "peer", which stands for several: peer-0, peer-1, peer-2; name one of them',
    ],
    [
      step(`device = "a"
cmd = ["$NETYARD_IP_peer"]
`),
      'a.toml:13: "$NETYARD_IP_peer": the topology has no such node; did you mean "PEER_0"? It has: A, B, PEER_0, PEER_1, PEER_2, DC',
    ],
  ]));

Deno.test("binaries and captures that are not declared are refused", () =>
  assertRefused([
    [
      step(`device = "a"
cmd = ["\${binary.x}"]
`),
      'a.toml:13: "${binary.x}": there is no [[binary]] "x"; declare it, or give it by --binary',
    ],
    [
      step(`id = "x"
device = "a"
cmd = ["x"]
[step.captures.yes]
regex = "."
[[step]]
action = "assert"
checks = ["x.ye == 1", "x.yes ~ 1", "x.yes >= a"]
`),
      'a.toml:19: the check "x.yes ~ 1" has the operator "~", but may have ==, !=, contains, matches, >=, <=, <, >',
      'a.toml:19: the check "x.yes >= a" compares numbers, but "a" is not a number',
      'a.toml:19: "x.ye": the step "x" at a.toml:12 does not capture "ye"; did you mean "yes"? It captures: yes',
    ],
    [
      step(`id = "x"
device = "peer"
cmd = ["x"]
[step.captures.y]
regex = "."
[[step]]
device = "a"
cmd = ["\${x.y}"]
`),
      'a.toml:19: "${x.y}": "x" stands for several steps: x-0, x-1, x-2; name one of them',
    ],
  ]));

Deno.test("references to later or missing steps are refused", () =>
  assertRefused([
    [
      step(`device = "a"
cmd = ["\${x.y}"]
[[step]]
id = "x"
device = "a"
cmd = ["x"]
[step.captures.y]
regex = "."
`),
      'a.toml:13: "${x.y}": the step "x" at a.toml:15 comes later, so this step would wait forever',
    ],
    [
      step(`id = "x"
requires = ["x.y"]
device = "a"
cmd = ["x"]
[step.captures.y]
regex = "."
`),
      'a.toml:13: "x.y": the step "x" is this one, so this step would wait forever',
    ],
    [
      step(`action = "wait-for"
id = "x"
`),
      'a.toml:13: "id" is "x", but there is no such step. It may be: none',
    ],
    [
      step(`id = "x"
device = "a"
cmd = ["x"]
[[step]]
action = "wait-for"
id = "x"
`),
      'a.toml:17: "id" is "x", which is a "run"; only a "spawn" or "capture" can be waited for',
    ],
    [
      step(`when = "false"
id = "x"
action = "spawn"
device = "a"
cmd = ["x"]
[[step]]
action = "wait-for"
id = "x"
`),
      'a.toml:19: "id" is "x", but that step is skipped, as its "when" is "false"; give this one the same',
    ],
  ]));
