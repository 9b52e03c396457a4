import { assertEquals, assertThrows } from "@std/assert";
import { BinaryError } from "../../../lib/sim/binary/error.ts";
import { type BinaryFields, inferMode } from "../../../lib/sim/binary/mode.ts";
import { override, parseOverride } from "../../../lib/sim/binary/override.ts";
import type { BinaryMode, BinarySpec } from "../../../lib/sim/types/types.ts";

const MODES: [fields: BinaryFields, mode: BinaryMode][] = [
  [{ path: "relay" }, "path"],
  [{ path: "target:relay" }, "path"],
  [{ url: "https://example.org/relay", sha256: "00" }, "fetch"],
  [{ repo: "https://example.org/relay.git", example: "relay", commit: "v1" }, "build"],
  [{ example: "relay" }, "build"],
  [{ bin: "relay", "all-features": true }, "build"],
  [{ entrypoint: "relay.ts", permissions: ["--allow-net"] }, "entrypoint"],
  [{ command: "make relay", path: "relay", sources: ["src"] }, "command"],
  [{ mode: "target", bin: "relay" }, "target"],
  [{ mode: "build", path: "../relay", bin: "relay" }, "build"],
  // The name for cargo is not a second source.
  [{ path: "target/release/relay", bin: "relay", features: ["server"] }, "path"],
  [{ url: "https://example.org/relay", example: "relay", "all-features": true }, "fetch"],
];

Deno.test("the mode of a binary is that of its source", () => {
  for (const [fields, mode] of MODES) assertEquals(inferMode({ name: "a", ...fields }), { mode });
});

const FAULTS: [fields: BinaryFields, key: string | undefined, message: string][] = [
  [
    {},
    undefined,
    "it has no source for the program; give it " +
    '"path", "url", "repo", "example", "bin", "entrypoint" or "command"',
  ],
  [
    { path: "a", url: "b" },
    "url",
    'it has "path" and "url", but may have only one source; leave one of them out',
  ],
  [
    { bin: "x", repo: "c", path: "a", url: "b" },
    "url",
    'it has "path", "url" and "repo", but may have only one source; leave one of them out',
  ],
  [
    { path: "a", sha256: "00" },
    "sha256",
    '"sha256" does not go with the mode "path", which takes "path", "example", "bin", "features" ' +
    'and "all-features"',
  ],
  [
    { mode: "target", bin: "a", repo: "x" },
    "repo",
    '"repo" does not go with the mode "target", which takes "example", "bin", "features" and ' +
    '"all-features"',
  ],
  [
    { mode: "build", repo: "https://example.org/a" },
    undefined,
    `the mode "build" needs "example" or "bin": cargo's name for the program`,
  ],
  [
    { command: "make" },
    undefined,
    'the mode "command" needs "path": the program that it makes',
  ],
  [
    { bin: "a", example: "b" },
    "bin",
    'it has "example" and "bin"; leave one of them out',
  ],
  [
    { bin: "a", commit: "v1" },
    "commit",
    '"commit" needs "repo", the git repository',
  ],
];

Deno.test("fields that exclude each other are a fault", () => {
  for (const [fields, key, message] of FAULTS) {
    const fault = inferMode({ name: "a", ...fields });
    assertEquals(fault, key === undefined ? { message } : { key, message });
  }
});

const OVERRIDES: [text: string, fields: Partial<BinarySpec>][] = [
  ["relay:path:./bin/a:b", { mode: "path", path: "./bin/a:b" }],
  ["relay:fetch:http://[::1]:80/relay", { mode: "fetch", url: "http://[::1]:80/relay" }],
  ["relay:build:../relay", { mode: "build", path: "../relay" }],
  ["relay:build:https://h/r#v1", { mode: "build", repo: "https://h/r", commit: "v1" }],
  ["relay:build:git@h:a/b", { mode: "build", repo: "git@h:a/b" }],
  ["relay:target:bin/x", { mode: "target", bin: "x" }],
  ["relay:target:example/x", { mode: "target", example: "x" }],
  ["relay:target:x", { mode: "path", path: "target:x" }],
  ["relay:entrypoint:relay.ts", { mode: "entrypoint", entrypoint: "relay.ts" }],
  ["relay:command:make CC=a:b", { mode: "command", command: "make CC=a:b" }],
];

Deno.test("an override is a name, a mode and a value", () => {
  for (const [text, fields] of OVERRIDES) {
    const { origin, name, features, allFeatures, ...rest } = parseOverride(text, "/here");
    assertEquals([name, features, allFeatures], ["relay", [], false]);
    assertEquals(origin, { where: `--binary ${text}`, directory: "/here" });
    assertEquals(JSON.parse(JSON.stringify(rest)), fields);
  }
});

Deno.test("an invalid override shows the form", () => {
  for (const text of ["relay", "relay:path", "relay:path:", ":path:x"]) {
    const error = assertThrows(() => parseOverride(text, "/"), BinaryError, `--binary ${text}: `);
    assertEquals(error.message.includes('"name:mode:value"'), true);
  }
  assertThrows(() => parseOverride("relay:pth:x", "/"), BinaryError, 'did you mean "path"?');
});

Deno.test("an override keeps the fields that only the declaration has", () => {
  const declared: BinarySpec = {
    name: "relay",
    mode: "build",
    example: "relay-server",
    features: ["server"],
    allFeatures: false,
    origin: { where: "a.toml:1", directory: "/sims" },
  };
  const build = override(parseOverride("relay:build:../relay", "/here"), declared);
  assertEquals(
    [build.example, build.bin, build.features, build.path, build.origin.directory],
    ["relay-server", undefined, ["server"], "../relay", "/here"],
  );
  assertEquals(override(parseOverride("relay:build:x", "/"), undefined).bin, "relay");
  assertThrows(
    () => override(parseOverride("relay:command:make", "/"), declared),
    BinaryError,
    "the file that the command makes is not known",
  );
});
