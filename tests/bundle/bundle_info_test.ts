import { assertEquals } from "@std/assert";
import { type BundleInfo, bundleText, runningIn } from "../../lib/bundle/bundle_info.ts";
import { initialState } from "../../lib/events/reduce.ts";
import { toPrune } from "../../lib/bundle/prune.ts";

const INFO: BundleInfo = {
  version: 1,
  failed: { kind: "test", name: "a call survives a handoff", file: "/suite/call_test.ts" },
  at: "2026-01-02T03:04:05.678Z",
  error: {
    name: "AssertionError",
    message: "no answer",
    stack: "AssertionError: no answer\n    at file:///suite/call_test.ts:9:3",
    source: {
      file: "/suite/call_test.ts",
      line: 9,
      lines: [
        [8, "await phone.interface('wlan0').linkDown();"],
        [9, "assert(await answers());"],
        [10, ""],
      ],
    },
    causes: [{ name: "DeadlineError", message: "waited 3 s" }],
  },
  label: "call",
  seed: 7,
  linkEngine: "emulator",
  verdict: { kind: "inconclusive", reasons: ["the event loop waited 900 ms"] },
  running: { phone: [["sip", "--listen"], ["sleep", "60"]] },
  faults: { f1: { kind: "link-down", node: "phone", interface: "wlan0" } },
  schedule: [
    { id: "s1.0", atMs: 12, healedMs: 40, fault: { kind: "partition", a: "eu", b: "us" } },
    {
      id: "f1",
      atMs: 50,
      healedMs: null,
      fault: { kind: "link-down", node: "phone", interface: "wlan0" },
    },
  ],
  onlyFaults: null,
  netyard: "0.1.0",
  deno: "2.9.6",
  kernel: "6.18.0",
  arch: "x86_64",
  command: ["deno", "test", "-P"],
  cwd: "/suite",
};

Deno.test("a bundle as text has the error, its source, what ran, and how to run it again", () => {
  assertEquals(
    bundleText(INFO),
    `test a call survives a handoff
of /suite/call_test.ts
failed at 2026-01-02T03:04:05.678Z

AssertionError: no answer
    at file:///suite/call_test.ts:9:3
caused by DeadlineError: waited 3 s

/suite/call_test.ts:9
   8 | await phone.interface('wlan0').linkDown();
>  9 | assert(await answers());
  10 |

running in the nodes:
  phone: sip --listen
  phone: sleep 60

the host was too slow to tell why:
  the event loop waited 900 ms

faults:
  s1.0, 12 to 40 ms: {"kind":"partition","a":"eu","b":"us"}
  f1, 50 ms: {"kind":"link-down","node":"phone","interface":"wlan0"}
active at the failure: f1

seed 7, link engine emulator
Netyard 0.1.0, Deno 2.9.6, Linux 6.18.0, x86_64
command: deno test -P
`,
  );
});

Deno.test("a bundle as text leaves out what there is none of", () => {
  const text = bundleText({
    ...INFO,
    error: { ...INFO.error, source: null, causes: [] },
    running: {},
    faults: {},
    schedule: [],
    linkEngine: null,
    verdict: { kind: "ok", reasons: [] },
    kernel: null,
    command: [],
  });
  assertEquals(
    text,
    `test a call survives a handoff
of /suite/call_test.ts
failed at 2026-01-02T03:04:05.678Z

AssertionError: no answer
    at file:///suite/call_test.ts:9:3

seed 7, link engine not used
Netyard 0.1.0, Deno 2.9.6, Linux ?, x86_64
`,
  );
});

Deno.test("running programs are grouped by node, whatever its name", () => {
  const state = initialState();
  state.running = {
    c1: { node: "constructor", argv: ["a"] },
    c2: { node: "phone", argv: ["b"] },
    c3: { node: "phone", argv: ["c", "d"] },
  };
  assertEquals(runningIn(state), { constructor: [["a"]], phone: [["b"], ["c", "d"]] });
});

Deno.test("the oldest bundles are pruned, and nothing else", () => {
  const names = [
    "20260101-000000-000-a",
    "20260101-000000-000-a.zip",
    "20260103-000000-000-c-2",
    "20260102-000000-000-b.zip",
    "notes",
    "20260100-x",
    ".20260101-000000-000-a-tmp",
  ];
  assertEquals(toPrune(names, 3), []);
  assertEquals(toPrune(names, 1), ["20260101-000000-000-a", "20260102-000000-000-b"]);
  assertEquals(toPrune(names, 0).length, 3);
  assertEquals(toPrune([], 0), []);
});
