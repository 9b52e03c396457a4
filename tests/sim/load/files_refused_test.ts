import { assertRefused, step, TOPOLOGY } from "./kit.ts";

Deno.test("text that is not TOML, unknown tables and unknown keys are refused", () =>
  assertRefused([
    [
      `a = = 1
`,
      "a.toml:1: this is not TOML: invalid value\n\n1:  a = = 1\n        ^",
    ],
    [
      `[sim]
[sym]
`,
      'a.toml:2: unknown key "sym"; did you mean "sim"? Keys: extends, sim, binary, prepare, step-template, step-group, step, matrix, router, device, region, bridge, vm, ipv6',
    ],
    [
      `[sim]
nam = 'x'
`,
      'a.toml:2: unknown key "sim.nam"; did you mean "name"? Keys: name, topology, timeout, seed',
    ],
  ]));

Deno.test("a name that cannot name a directory is refused", () =>
  assertRefused([
    [
      `[sim]
name = "../x"
`,
      'a.toml:2: the name of the simulation is "../x", but it must consist of letters, digits, "_", "-" and ".", as it names a directory; give [sim] another "name"',
    ],
  ]));

Deno.test("a topology that is missing, elsewhere, given twice or wrong is refused", () =>
  assertRefused([
    [
      `[[step]]
device = "a"
cmd = ["x"]
`,
      'a.toml:1: the simulation has no topology: give [sim] "topology", or tables [[router]] and [device.NAME]',
    ],
    [
      {
        "a.toml": `[sim]
topology = "1to1"
`,
        "topos/1to1-public.toml": ``,
      },
      'a.toml:2: "sim.topology" is "1to1", but there is no such file; did you mean "1to1-public"? It was looked for at topos/1to1.toml, ../topos/1to1.toml',
    ],
    [
      `[sim]
topology = "../x"
`,
      'a.toml:2: "sim.topology" is "../x", but must be the name of a file in a directory "topos", without ".toml"',
    ],
    [
      TOPOLOGY + `[sim]
topology = "x"
`,
      'a.toml:12: "sim.topology" is "x", but the file has a topology of its own at a.toml:1; leave one of them out',
    ],
    [
      `[sim]
[device.a]
count = 0
`,
      'a.toml:3: "device.a.count" is 0, but must be at least 1',
    ],
  ]));

Deno.test("an extended file that is missing, is wrong or extends itself is refused", () =>
  assertRefused([
    [{
      "a.toml": `[sim]
[[extends]]
file = "b.toml"
`,
      "b.toml": `[[extends]]
file = "c.toml"
`,
      "c.toml": `[[extends]]
file = "b.toml"
`,
    }, "c.toml:2: files extend each other in a circle: b.toml -> c.toml -> b.toml"],
    [
      `[sim]
[[extends]]
file = "a.toml"
`,
      "a.toml:3: files extend each other in a circle: a.toml -> a.toml",
    ],
    [
      {
        "a.toml": `[sim]
[[extends]]
file = "defalts.toml"
`,
        "defaults.toml": ``,
      },
      'a.toml:3: there is no file "defalts.toml"; did you mean "defaults.toml"? It was looked for at defalts.toml, ../defalts.toml',
    ],
    [
      {
        "a.toml": `[sim]
[[extends]]
file = "b.toml"
`,
        "b.toml": `[[step]]
action = "wait"
`,
      },
      'b.toml:1: "step" is [ { action: "wait" } ], but must be left out of a file that is extended: only the simulation itself has it',
    ],
    [{
      "a.toml": `[sim]
[[extends]]
file = "b.toml"
`,
      "b.toml": `x = 
`,
    }, "b.toml:1: this is not TOML: invalid value\n\n1:  x = \n        ^"],
    [
      {
        "a.toml": `[[extends]]
file = "b.toml"
${TOPOLOGY}[[step]]
use = "t"
device = "x"`,
        "b.toml": `[[step-template]]
name = "t"
cmd = ["x"]
timeout = "soon"
`,
      },
      'b.toml:4: template "t": "timeout" is "soon", but must be a time such as "500ms", "5s" or "2m", or milliseconds, at least 0',
    ],
  ]));

Deno.test("a wrong matrix, and keys that it does not have, are refused", () =>
  assertRefused([
    [
      `[sim]
[matrix]
x = []
`,
      'a.toml:3: "matrix.x" is [], but must have at least 1 item',
    ],
    [
      `[sim]
name = "\${matrix.condd}"
[matrix]
cond = ["a"]
`,
      'a.toml:2: "${matrix.condd}" is not known; did you mean "cond"? The matrix has: cond',
    ],
    [
      `[sim]
name = "\${matrix.cond}"
`,
      'a.toml:2: "${matrix.cond}" is not known: there is no [matrix]',
    ],
    [
      `[sim]
[matrix]
cond = ["a", "b", "a"]
other = ["x"]
[matrix.params.cnd]
a = {}
[matrix.params.cond]
aa = { x = 1 }
a = { other = 1, same = 2 }
[matrix.params.other]
x = { same = 1 }
`,
      'a.toml:3: the axis "cond" has the value "a" twice',
      'a.toml:5: "matrix.params.cnd" is for an axis that does not exist; did you mean "cond"? Axes: cond, other',
      'a.toml:8: "matrix.params.cond.aa" is for a value that the axis "cond" does not have; did you mean "a"? Values: a, b, a',
      'a.toml:9: the param "other" is an axis, too',
      'a.toml:11: the param "same" is one of the axis "cond", too',
    ],
    [
      `[sim]
name = "x-\${matrix.a}"
[matrix]
a = ["1"]
b = ["1", "2"]
`,
      'a.toml:2: two variants of the matrix are called "x-1"; give [sim] a "name" with each axis in it',
    ],
  ]));

Deno.test("a fault in some variants of the matrix is reported with one of them", () =>
  assertRefused([
    [
      step(`action = "wait"
duration = "\${matrix.t}"
[matrix]
t = ["1s", "soon", "1m"]
u = ["x", "y"]
`),
      'a.toml:13: wait: "duration" is "soon", but must be a time such as "500ms", "5s" or "2m", or milliseconds, at least 0 (where t = "soon", u = "x", and in 1 more)',
    ],
  ]));

Deno.test("binaries without a source, with two sources or of one name are refused", () =>
  assertRefused([
    [
      `[sim]
[[binary]]
name = "x"
[[binary]]
name = "y"
url = "u"
path = "p"
features = ["x"]
[[binary]]
name = "z"
mode = "target"
[[binary]]
name = "x"
path = "p"
`,
      'a.toml:2: binary "x": it has no source for the program; give it "path", "url", "repo", "example", "bin", "entrypoint" or "command"',
      'a.toml:6: binary "y": it has "path" and "url", but may have only one source; leave one of them out',
      `a.toml:9: binary "z": the mode "target" needs "example" or "bin": cargo's name for the program`,
      'a.toml:13: there is a [[binary]] "x" already, at a.toml:3',
    ],
  ]));
