import { assertEquals, assertStringIncludes } from "@std/assert";
import { formatLogLine } from "../../../lib/cli/log/log_format.ts";

/** Log lines and their formatted text. */
const GOLDEN: [name: string, line: string, text: string][] = [
  [
    "a line of Rust's tracing",
    '{"timestamp":"2026-01-02T03:04:05.000123Z","level":"INFO","fields":{"message":"connected","peer":"198.18.0.2","tries":2},"target":"app::net"}',
    "2026-01-02T03:04:05.000123Z  INFO app::net: connected peer=198.18.0.2 tries=2",
  ],
  [
    "a line of tracing with spans",
    '{"timestamp":"T","level":"DEBUG","fields":{"message":"read"},"target":"app","span":{"name":"copy","file":"a b"},"spans":[{"name":"serve"},{"name":"copy","file":"a b"}]}',
    'T DEBUG serve:copy{file="a b"}: app: read',
  ],
  [
    "a line of tracing with the current span only",
    '{"timestamp":"T","level":"WARN","fields":{"message":"slow"},"target":"app","span":{"name":"copy","ms":3}}',
    "T  WARN copy{ms=3}: app: slow",
  ],
  [
    "a line of tracing with its fields beside the rest",
    '{"timestamp":"T","level":"ERROR","message":"no route","code":113,"target":"app"}',
    "T ERROR app: no route code=113",
  ],
  [
    "a line of tracing without a message",
    '{"timestamp":"T","level":"INFO","fields":{"size":7},"target":"app","threadId":"ThreadId(1)"}',
    "T  INFO app: size=7 threadId=ThreadId(1)",
  ],
  [
    "a line of pino",
    '{"level":40,"time":1767323045678,"pid":7,"hostname":"h","msg":"slow","ms":12}',
    "2026-01-02T03:04:05.678Z  WARN slow ms=12",
  ],
  [
    "a line of pino with an error",
    '{"level":50,"time":1767323045678,"err":{"type":"Error","message":"gone","stack":"Error: gone\\n    at a.js:1"},"msg":"gone"}',
    "2026-01-02T03:04:05.678Z ERROR gone\n    Error: gone\n        at a.js:1",
  ],
  [
    "a line of bunyan",
    '{"name":"app","hostname":"h","pid":7,"level":30,"msg":"up","time":"2026-01-02T03:04:05.678Z","v":0}',
    "2026-01-02T03:04:05.678Z  INFO app: up",
  ],
  [
    "a line of Go's slog",
    '{"time":"2026-01-02T03:04:05.6+01:00","level":"INFO","msg":"listening","addr":":80","opts":{"tls":true}}',
    '2026-01-02T03:04:05.6+01:00  INFO listening addr=:80 opts={"tls":true}',
  ],
  [
    "a level between two of slog",
    '{"time":"T","level":"ERROR+2","msg":"x"}',
    "T ERROR x",
  ],
  [
    "a time in seconds",
    '{"level":"info","ts":1767323045.5,"logger":"zap","msg":"x"}',
    "2026-01-02T03:04:05.500Z  INFO zap: x",
  ],
  [
    "an event of a lab",
    '{"version":1,"seq":3,"at":"2026-01-02T03:04:05.678Z","elapsedMs":12,"kind":"link-down","node":"laptop","name":"eth0"}',
    "2026-01-02T03:04:05.678Z  INFO laptop: eth0 is down",
  ],
  [
    "a command that failed",
    '{"version":1,"seq":3,"at":"T","elapsedMs":12,"kind":"command-ended","node":"laptop","id":"c1","code":1,"signal":null}',
    "T  WARN laptop: command c1 exited with code 1",
  ],
  [
    "a command with spaces in it",
    `{"version":1,"seq":3,"at":"T","elapsedMs":12,"kind":"command-started","node":"laptop","id":"c1","argv":["sh","-c","echo 'a b'"]}`,
    `T  INFO laptop: command c1 started: sh -c 'echo '\\''a b'\\'''`,
  ],
  [
    "a condition",
    '{"version":1,"seq":3,"at":"T","elapsedMs":12,"kind":"condition-changed","node":"laptop","name":"eth0","direction":"up","condition":{"latencyMs":40,"lossPct":1.5}}',
    "T  INFO laptop: condition of eth0 (up): 40 ms, loss 1.5 %",
  ],
  [
    "a router",
    '{"version":1,"seq":1,"at":"T","elapsedMs":1,"kind":"router-added","name":"home","router":{"name":"home","nat":"home","natV6":"none","firewall":{"inbound":"block","outbound":{"tcp":[80,443]}},"ipSupport":"dual-stack","upstream":null,"region":"eu","mtu":1500,"uplinkIp":"198.18.0.2","interfaces":[]}}',
    "T  INFO home: router added: region eu, NAT home, firewall inbound block outbound {tcp 80+443}, 198.18.0.2",
  ],
  [
    "an event of a kind that comes later",
    '{"version":9,"seq":3,"at":"T","elapsedMs":12,"kind":"moon-landing","node":"apollo","crew":[1,2]}',
    "T  INFO lab: moon-landing node=apollo crew=[1,2]",
  ],
  [
    "an event of a known kind with other fields",
    '{"version":9,"seq":3,"at":"T","elapsedMs":12,"kind":"region-added","name":"eu"}',
    "T  INFO lab: region-added name=eu",
  ],
];

for (const [name, line, text] of GOLDEN) {
  Deno.test(`${name} is formatted for people`, () => assertEquals(formatLogLine(line), text));
}

Deno.test("a line that is no log entry stays unchanged", () => {
  const lines = [
    "",
    "PING 198.18.0.2 (198.18.0.2) 56(84) bytes of data.",
    "  {not json}",
    '{"level":"INFO"}',
    '{"msg":"no level"}',
    '{"level":"hot","msg":"soup"}',
    '{"a":1}',
    "[1,2]",
    '\x1b[31mred\x1b[0m {"',
  ];
  for (const line of lines) assertEquals(formatLogLine(line), line);
});

Deno.test("control characters are shown as text", () => {
  const line = JSON.stringify({ level: "info", msg: "a\x1b[2Jb\tc", x: "\x07" });
  assertEquals(formatLogLine(line), " INFO a\\x1b[2Jb\tc x=\\x07");
});

Deno.test("a message of several lines is indented", () => {
  const line = JSON.stringify({ level: "info", msg: "one\ntwo\n\nfour\n" });
  assertEquals(formatLogLine(line), " INFO one\n    two\n    \n    four");
});

Deno.test("a level leaves out lower levels, and keeps lines without a level", () => {
  const warn = (line: string) => formatLogLine(line, { level: "warn" });
  assertEquals(warn('{"level":"info","msg":"x"}'), undefined);
  assertEquals(warn('{"level":30,"msg":"x"}'), undefined);
  assertEquals(warn('{"level":"warn","msg":"x"}'), " WARN x");
  assertEquals(warn('{"level":60,"msg":"x"}'), "FATAL x");
  assertEquals(warn("thread panicked"), "thread panicked");
});

Deno.test("a target leaves out entries about other targets", () => {
  const net = (line: string) => formatLogLine(line, { target: "net" });
  assertEquals(
    net('{"timestamp":"T","level":"INFO","fields":{"message":"x"},"target":"app::disk"}'),
    undefined,
  );
  assertEquals(net('{"level":"info","msg":"x"}'), undefined);
  assertEquals(net("net"), undefined);
  assertEquals(
    net('{"timestamp":"T","level":"INFO","fields":{"message":"x"},"target":"app::net"}'),
    "T  INFO app::net: x",
  );
});

Deno.test("output has colours only if requested", () => {
  const line = '{"time":"T","level":"ERROR","msg":"x","a":1}';
  assertEquals(formatLogLine(line, { color: false }), "T ERROR x a=1");
  const colored = formatLogLine(line, { color: true })!;
  assertStringIncludes(colored, "\x1b[31mERROR\x1b[39m x");
  // deno-lint-ignore no-control-regex -- it finds the escape sequences
  assertEquals(colored.replace(/\x1b\[\d+m/g, ""), "T ERROR x a=1");
});
