import { assertEquals } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";

/** Compiles only if the expression has exactly the type `T`. */
function typed<T>() {
  return <U>(
    _value: U,
    _same: (<X>() => X extends T ? 1 : 2) extends (<X>() => X extends U ? 1 : 2) ? true
      : false,
  ) => {};
}

Deno.test("an option takes the next argument, what follows an equals sign, or true", () => {
  assertEquals(parseArgs(["--out", "a", "--in=b", "--dry"]), {
    out: "a",
    in: "b",
    dry: true,
    _: [],
  });
  assertEquals(parseArgs(["-o", "a", "-i=b", "-d"]), { o: "a", i: "b", d: true, _: [] });
  assertEquals(parseArgs(["--empty=", "--text=a=b"]), { empty: "", text: "a=b", _: [] });
});

Deno.test("an option does not take another option as its value", () => {
  assertEquals(parseArgs(["--a", "--b", "-c", "-d"]), {
    a: true,
    b: true,
    c: true,
    d: true,
    _: [],
  });
});

Deno.test("a lone hyphen is a positional argument and the value of a short option", () => {
  assertEquals(parseArgs(["-"]), { _: ["-"] });
  assertEquals(parseArgs(["-f", "-"]), { f: "-", _: [] });
  assertEquals(parseArgs(["-f-"]), { f: "-", _: [] });
  assertEquals(parseArgs(["-b", "-"], { boolean: "b" }), { b: true, _: ["-"] });
  assertEquals(parseArgs(["--long", "-"]), { long: true, _: ["-"] });
});

Deno.test("short options share a hyphen, and the last of them takes the value", () => {
  assertEquals(parseArgs(["-abc", "x"]), { a: true, b: true, c: "x", _: [] });
  assertEquals(parseArgs(["-n123"]), { n: 123, _: [] });
  assertEquals(parseArgs(["-123", "456"]), { 1: true, 2: true, 3: 456, _: [] });
  assertEquals(parseArgs(["-I/a/b", "-xyz/a"]), { I: "/a/b", x: true, y: true, z: "/a", _: [] });
  assertEquals(parseArgs(["-e==", "-f=a=b"]), { e: "=", f: "a=b", _: [] });
});

Deno.test("what looks like a number becomes one, unless its name is a string", () => {
  assertEquals(parseArgs(["-x", "0x1f", "--y=5.67", "1e7", "10f"]), {
    x: 31,
    y: 5.67,
    _: [1e7, "10f"],
  });
  const args = parseArgs(["-x", "0012", "--y=7", "8"], { string: ["x", "y", "_"] });
  assertEquals(args, { x: "0012", y: "7", _: ["8"] });
  assertEquals(parseArgs(["-p007"], { string: "p" }).p, "007");
});

Deno.test("a string option without a value is empty", () => {
  assertEquals(parseArgs(["--name"], { string: "name" }).name, "");
  assertEquals(parseArgs(["-art"], { string: ["a", "t"] }), { a: "", r: true, t: "", _: [] });
  assertEquals(parseArgs(["--name", ""], { string: "name" }), { name: "", _: [] });
});

Deno.test("a boolean option takes only true and false as its value", () => {
  const options = { boolean: ["v", "verbose"] } as const;
  assertEquals(parseArgs(["-v", "moo"], options), { v: true, verbose: false, _: ["moo"] });
  assertEquals(parseArgs(["--verbose", "false", "-v", "true", "x"], options), {
    v: true,
    verbose: false,
    _: ["x"],
  });
  assertEquals(parseArgs(["--verbose=false", "-v=false"], options), {
    v: false,
    verbose: false,
    _: [],
  });
  assertEquals(parseArgs(["-v", "true1"], options)._, ["true1"]);
});

Deno.test("boolean: true affects long options without an equals sign only", () => {
  const args = parseArgs(["moo", "--honk", "cow", "-p", "55", "--tacos=good"], { boolean: true });
  assertEquals(args, { honk: true, tacos: "good", p: 55, _: ["moo", "cow"] });
});

Deno.test("the last value stands, unless the name is collected", () => {
  assertEquals(parseArgs(["-v", "a", "-v", "b"]).v, "b");
  assertEquals(parseArgs(["-v", "a", "-v", "b"], { collect: "v" }).v, ["a", "b"]);
  assertEquals(parseArgs(["-v", "a"], { collect: ["v"] }).v, ["a"]);
  assertEquals(parseArgs([], { collect: ["v"] }).v, []);
  assertEquals(parseArgs([], { collect: "v", string: "v", default: { v: ["x"] } }).v, ["x"]);
  assertEquals(parseArgs(["-vvv"], { collect: "v", boolean: "v" }).v, [true, true, true]);
  assertEquals(parseArgs(["--var", "1", "--var", "2"], { collect: "var", string: "var" }).var, [
    "1",
    "2",
  ]);
});

Deno.test("--no- negates only what is negatable", () => {
  assertEquals(parseArgs(["--no-moo"]), { "no-moo": true, _: [] });
  const options = { boolean: "color", negatable: "color", default: { color: true } } as const;
  assertEquals(parseArgs([], options).color, true);
  assertEquals(parseArgs(["--no-color"], options), { color: false, _: [] });
  assertEquals(parseArgs(["--no-color", "--color", "x"], options), { color: true, _: ["x"] });
  assertEquals(parseArgs(["--no-config"], { string: "config", negatable: "config" }).config, false);
  assertEquals(parseArgs(["--no-c"], { collect: "c", negatable: "c" }).c, false);
});

Deno.test("an alias holds the same value as its name, whichever was given", () => {
  const options = { string: ["out"], boolean: ["all"], alias: { out: "o", a: ["all"] } } as const;
  assertEquals(parseArgs(["-o", "1", "-a", "x"], options), {
    o: "1",
    out: "1",
    a: true,
    all: true,
    _: ["x"],
  });
  assertEquals(parseArgs(["--out=1"], options), { o: "1", out: "1", a: false, all: false, _: [] });
  assertEquals(parseArgs(["--c"], { alias: { a: ["b", "c"] } }), {
    a: true,
    b: true,
    c: true,
    _: [],
  });
});

Deno.test("a default fills the name and its aliases when none of them was given", () => {
  const options = { default: { port: 80 }, alias: { port: "p" } } as const;
  assertEquals(parseArgs([], options), { port: 80, p: 80, _: [] });
  assertEquals(parseArgs(["-p", "81"], options), { port: 81, p: 81, _: [] });
  assertEquals(parseArgs([], { boolean: "b", default: { b: null } }).b, null);
});

Deno.test("a dotted name is filed in a nested object", () => {
  assertEquals(parseArgs(["--a.b", "1", "--a.c.d=x"]), { a: { b: 1, c: { d: "x" } }, _: [] });
  assertEquals(parseArgs([], { default: { "a.b": 1 }, alias: { "a.b": "c.d" } }), {
    a: { b: 1 },
    c: { d: 1 },
    _: [],
  });
});

Deno.test("what follows -- is not parsed", () => {
  assertEquals(parseArgs(["--a", "--", "--b", "1"]), { a: true, _: ["--b", "1"] });
  assertEquals(parseArgs(["x", "--", "-y", "--"], { "--": true }), {
    _: ["x"],
    "--": ["-y", "--"],
  });
  assertEquals(parseArgs(["x"], { "--": true }), { _: ["x"], "--": [] });
});

Deno.test("stopEarly leaves everything after the first positional argument unparsed", () => {
  assertEquals(parseArgs(["-v", "--", "run"], { stopEarly: true }), { v: true, _: ["run"] });
  assertEquals(parseArgs(["-a=1", "run", "-b", "2"], { stopEarly: true }), {
    a: 1,
    _: ["run", "-b", "2"],
  });
});

Deno.test("unknown sees what is not declared, and drops it by returning false", () => {
  const seen: unknown[][] = [];
  const args = parseArgs(["--known", "--port=80", "-xy", "v", "file", "--other", "1"], {
    boolean: ["known"],
    alias: { y: "yes" },
    unknown: (...seenArgs) => {
      seen.push(seenArgs);
      return seenArgs[1] === "other";
    },
  });
  assertEquals(seen, [["--port=80", "port", "80"], ["-xy", "x", true], ["file"], [
    "--other",
    "other",
    "1",
  ]]);
  assertEquals(args, { known: true, y: "v", yes: "v", other: 1, _: [] });
});

Deno.test("names of built-in properties are ordinary names, and prototypes stay untouched", () => {
  assertEquals(Object.entries(parseArgs(["--toString", "--valueOf", "x"])), [
    ["_", []],
    ["toString", true],
    ["valueOf", "x"],
  ]);
  parseArgs(["--__proto__.polluted", "1", "--constructor.prototype.polluted", "1"]);
  assertEquals(({} as Record<string, unknown>).polluted, undefined);
  assertEquals(parseArgs(["--_", "x", "y"])._, ["y"]);
});

Deno.test("the result is typed by the names of the options", () => {
  const args = parseArgs([], {
    boolean: ["all", "color"],
    string: ["out", "var", "with"],
    collect: ["var", "any"],
    negatable: ["color"],
    default: { with: "x", level: 3 },
    alias: { out: "o", a: ["all"] },
    "--": true,
  });
  typed<boolean>()(args.all, true);
  typed<boolean>()(args.a, true);
  typed<boolean>()(args.color, true);
  typed<string | undefined>()(args.out, true);
  typed<string | undefined>()(args.o, true);
  typed<string[]>()(args.var, true);
  typed<unknown[]>()(args.any, true);
  typed<string>()(args.with, true);
  typed<unknown>()(args.nothing, true);
  typed<string[]>()(args["--"], true);
  typed<(string | number)[]>()(args._, true);
});
