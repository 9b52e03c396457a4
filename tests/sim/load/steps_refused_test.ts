import { assertRefused, step } from "./kit.ts";

Deno.test("unknown or missing actions and keys are refused", () =>
  assertRefused([
    [
      step(`action = "wait"
duration = "1s"
devise = "a"
`),
      'a.toml:14: wait: unknown key "devise". Keys: action, id, requires, when, timeout, duration',
    ],
    [
      step(`action = "wiat"
`),
      'a.toml:12: "action" is "wiat", but must be one of run, spawn, wait-for, wait, set-link-condition, link-down, link-up, set-default-route, replug, set-nat, flush-nat, set-nat-v6, renew-prefix, break-family, restore-family, set-firewall, break-region, restore-region, partition, heal, capture, gen-certs, gen-file, assert, set-impair, switch-route; did you mean "wait"?',
    ],
    [
      step(`device = "a"
`),
      'a.toml:11: the step has no "action", and no "cmd" or "use"',
    ],
    [
      step(`device = "a"
cmd = ["x"]
parser = "iperf3-json"
`),
      'a.toml:14: run: "parser" is "iperf3-json", but must be one of text, ndjson, json; did you mean "json"?',
    ],
    [
      step(`device = "a"
[[step]]
action = "wait"
[[step]]
action="spawn"
device = "a"
cmd=["x"]
`),
      'a.toml:11: the step has no "action", and no "cmd" or "use"',
      'a.toml:13: wait: "duration" is missing; it must be a time such as "500ms", "5s" or "2m", or milliseconds, at least 0',
      'a.toml:15: spawn: "id" is missing; other steps refer to it by that',
    ],
  ]));

Deno.test("invalid values of steps are refused", () =>
  assertRefused([
    [
      step(`action = "set-link-condition"
device = "a"
condition = { latency_ms = "x" }
impair = "wifi"
`),
      'a.toml:14: set-link-condition: "condition.latency_ms" is "x", but must be a number',
    ],
    [
      step(`action = "set-link-condition"
device = "a"
condition = { up = "wifi" }
direction = "up"
`),
      'a.toml:11: set-link-condition: the condition has "up" and "down"; leave "direction" out',
    ],
    [
      step(`action = "assert"
`),
      'a.toml:11: assert: "check" or "checks" is missing',
    ],
    [
      step(`action = "capture"
`),
      'a.toml:11: capture: give either "device" or "bridge"',
    ],
    [
      step(`device = "a"
cmd = ["x"]
[step.captures]
a = { match = { x = 1 } }
b = { pick = ".x" }
c = { }
d = { regex = "(?x) a" }
`),
      'a.toml:15: the capture "a" has "match", and needs "pick": the value to capture',
      'a.toml:16: the capture "b" has "pick", for which the step needs parser = "json" or "ndjson"',
      'a.toml:17: the capture "c" needs "regex" or "pick"',
      'a.toml:18: the capture "d" has a regular expression that cannot be used: the flag "x" is not supported: write it without spaces and comments',
    ],
  ]));

Deno.test("missing and wrong templates are refused, each with its own line", () =>
  assertRefused([
    [
      step(`use = "fech"
[[step-template]]
name = "fetch"
cmd = ["x"]
`),
      'a.toml:12: "use" is "fech", but there is no such step template or step group; did you mean "fetch"? There are: fetch',
    ],
    [
      step(`use = "fetch"
device = "a"
[[step-template]]
name = "fetch"
cmd = ["x"]
[step-template.captures.x]
regex = "("
`),
      'a.toml:18: the capture "x" has a regular expression that cannot be used: Unterminated group (used at a.toml:11)',
    ],
    [
      step(`use = "fetch"
device = "a"
[[step-template]]
name = "fetch"
cmd = ["x"]
timeot = 1
`),
      'a.toml:17: template "fetch": unknown key "timeot"; did you mean "timeout"? Keys: action, id, requires, when, timeout, device, cmd, args, env, parser, captures, results, name',
    ],
    [
      step(`use = "fetch"
device = "a"
args = ["\${b.c}"]
[[step-template]]
name = "fetch"
cmd = ["x", "\${binary.x}"]
`),
      'a.toml:14: "${b.c}": there is no step "b"',
      'a.toml:17: "${binary.x}": there is no [[binary]] "x"; declare it, or give it by --binary (used at a.toml:11)',
    ],
    [
      step(`use = "fetch"
device = "a"
vars = { a = 1 }
[[step-template]]
name = "fetch"
cmd = ["x"]
`),
      'a.toml:14: "vars" is for step groups, but "fetch" is a step template; give the step\'s own fields',
    ],
    [
      `[[step-group]]
name = "g"
[[step-group.step]]
action = "wait"
duration = "1s"
[[step-template]]
name = "g"
action = "wait"
[sim]
`,
      'a.toml:2: "g" is both a step group and a step template, which is at a.toml:7; rename one of them',
    ],
    [
      `[sim]
[[step-template]]
name = "g"
action = "wait"
[[step-template]]
name = "g"
action = "wait"
`,
      'a.toml:6: there is a [[step-template]] "g" already, at a.toml:3',
    ],
  ]));

Deno.test("groups in groups, and unknown or unused variables are refused", () =>
  assertRefused([
    [
      step(`use = "g"
[[step-group]]
name = "g"
[[step-group.step]]
use = "h"
[[step-group]]
name = "h"
[[step-group.step]]
action = "wait"
duration = "1s"
`),
      'a.toml:16: group "g": a step group cannot use another, and "h" is a step group; use both in the simulation',
    ],
    [
      step(`use = "g"
vars = { tim = "1s" }
[[step-group]]
name = "g"
[[step-group.step]]
action = "wait"
duration = "\${group.time}"
`),
      'a.toml:13: "vars.tim" is used by no step of the group "g"',
      'a.toml:18: group "g": "${group.time}" is not known; did you mean "tim"? The vars at a.toml:11 are: tim',
    ],
    [
      step(`use = "g"
vars = { time = "soon" }
[[step-group]]
name = "g"
[[step-group.step]]
action = "wait"
duration = "\${group.time}"
`),
      'a.toml:18: wait: "duration" is "soon", but must be a time such as "500ms", "5s" or "2m", or milliseconds, at least 0 (used at a.toml:11)',
    ],
    [
      step(`use = "g"
[[step-group]]
name = "g"
[[step-group.step]]
device = "x"
cmd = ["\${a.b}"]
`),
      'a.toml:16: "device" is "x", but the topology has no such node. It has: a, b, peer-0, peer-1, peer-2, dc (used at a.toml:11)',
      'a.toml:17: "${a.b}": there is no step "a" (used at a.toml:11)',
    ],
    [
      step(`use = "g"
id = "x"
[[step-group]]
name = "g"
[[step-group.step]]
device = "a"
cmd = ["x"]
`),
      'a.toml:13: unknown key "id". Keys: use, vars, when. "g" is a step group, with steps of its own',
    ],
  ]));

Deno.test("ids that cannot name a file, or are taken, are refused", () =>
  assertRefused([
    [
      step(`id = "../x"
device = "a"
cmd = ["x"]
[[step]]
id = "y"
device = "a"
cmd = ["x"]
[[step]]
id = "y"
device = "a"
cmd = ["x"]
`),
      'a.toml:12: "id" is "../x", but must consist of letters, digits, "_", "-" and ".", as it names files',
      'a.toml:20: the id "y" is taken by the step at a.toml:16',
    ],
  ]));

Deno.test("numbers of counted devices are refused in steps without a counted device", () =>
  assertRefused([
    [
      step(`device = "peer"
cmd = ["\${i % 0}"]
[[step]]
device = "a"
cmd = ["\${x-\${i}.y}"]
`),
      'a.toml:13: "${i % 0}" divides by 0',
      'a.toml:16: "${x-${i}.y}" has the number of a counted device, "${i}", but the step has no device with a "count"',
    ],
  ]));
