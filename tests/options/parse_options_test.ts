import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { z } from "zod";
import { InvalidOptionError, parseOptions } from "../../lib/options/parse_options.ts";
import { NetyardError } from "../../native/error.ts";

class Router {
  readonly name = "dc";
}

const NatConfig = z.strictObject({
  mapping: z.enum(["EIM", "EDM"]),
  udpTimeoutSecs: z.int().positive().optional(),
}).meta({ title: "NatConfig" });

const LinkLimits = z.strictObject({
  latencyMs: z.number().min(0).optional(),
  lossPct: z.number().min(0).max(100).optional(),
}).meta({ title: "LinkLimits" });

const Options = z.strictObject({
  nat: z.union([z.enum(["none", "home"]), NatConfig]).optional(),
  mtu: z.int().min(576).max(65535).default(1500),
  condition: z.union([z.literal("lan"), LinkLimits, z.number().positive()]).nullable().optional(),
  name: z.string().min(1).regex(/^[a-z]+$/, "names are lowercase").optional(),
  members: z.array(z.string()).max(2).optional(),
  interfaces: z.record(
    z.string().regex(/^eth\d$/),
    z.strictObject({ gateway: z.instanceof(Router), ip: z.ipv4().optional() }),
  ).optional(),
  link: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("good"), latencyMs: z.number() }),
    z.strictObject({ kind: z.literal("broken") }),
  ]).optional(),
  limits: z.partialRecord(z.enum(["up", "down"]), z.number()).optional(),
  even: z.number().refine((n) => n % 2 === 0).optional(),
});

const KEYS = "Options: nat, mtu, condition, name, members, interfaces, link, limits, even";

/** The lines of the failure, without what was asked, which each of them must begin with. */
function faults(value: unknown, schema: z.ZodType = Options): string[] {
  const asked = 'addRouter("home"): ';
  const error = assertThrows(
    () => parseOptions(schema, value, 'addRouter("home")'),
    InvalidOptionError,
  );
  return error.message.split("\n").map((line) => {
    assertEquals(line.slice(0, asked.length), asked);
    return line.slice(asked.length);
  });
}

Deno.test("valid options are returned with their defaults", () => {
  const router = new Router();
  const parsed = parseOptions(Options, { interfaces: { eth0: { gateway: router } } }, "x");
  assertEquals(parsed.mtu, 1500);
  assertEquals(parsed.interfaces?.eth0.gateway === router, true);
  const mtu: number = parsed.mtu;
  assertEquals(mtu, 1500);
});

Deno.test("the error is a NetyardError with its own name", () => {
  const error = assertThrows(() => parseOptions(Options, 5, "x"), InvalidOptionError);
  assertInstanceOf(error, NetyardError);
  assertEquals(error.name, "InvalidOptionError");
});

const CASES: [behaviour: string, value: unknown, lines: string[]][] = [
  ["an unknown option is answered with the one probably meant and those that exist", { natt: 1 }, [
    `unknown option "natt"; did you mean "nat"? ${KEYS}`,
  ]],
  ["an unknown option like no other is answered with those that exist", { color: 1 }, [
    `unknown option "color". ${KEYS}`,
  ]],
  ["each unknown option has a line of its own", { MTU: 1, color: 1 }, [
    `unknown option "MTU"; did you mean "mtu"? ${KEYS}`,
    `unknown option "color". ${KEYS}`,
  ]],
  ["an unknown option in a nested object is named with its path", {
    interfaces: { eth0: { gateway: new Router(), gatewy: 1 } },
  }, ['unknown option "interfaces.eth0.gatewy"; did you mean "gateway"? Options: gateway, ip']],
  ["a string that none of the choices is", { nat: "cloud" }, [
    '"nat" is "cloud", but must be one of none, home or a NatConfig object',
  ]],
  ["a string that is nearly one of the choices", { nat: "homee" }, [
    '"nat" is "homee", but must be one of none, home or a NatConfig object; did you mean "home"?',
  ]],
  ["a value of no kind that the union knows", { nat: 5 }, [
    '"nat" is 5, but must be one of none, home or a NatConfig object',
  ]],
  ["null where it has no meaning", { nat: null }, [
    '"nat" is null, but must be one of none, home or a NatConfig object',
  ]],
  ["an object in a union is judged as the object of the union", {
    nat: { mapping: "XYZ", udpTimeoutSecs: 0 },
  }, [
    '"nat.mapping" is "XYZ", but must be one of EIM, EDM',
    '"nat.udpTimeoutSecs" is 0, but must be more than 0',
  ]],
  ["an unknown option of an object in a union", { condition: { loss: 3 } }, [
    'unknown option "condition.loss"; did you mean "lossPct"? Options: latencyMs, lossPct',
  ]],
  ["a number that only one branch would take is judged by that branch", { condition: -1 }, [
    '"condition" is -1, but must be more than 0',
  ]],
  ["a union of a literal, an object and a number", { condition: true }, [
    '"condition" is true, but must be "lan", a LinkLimits object or a number',
  ]],
  ["a number below the bound", { mtu: 5 }, ['"mtu" is 5, but must be at least 576']],
  ["a number above the bound", { mtu: 1e6 }, ['"mtu" is 1000000, but must be at most 65535']],
  ["a fraction", { mtu: 1500.5 }, ['"mtu" is 1500.5, but must be a whole number']],
  ["a string for a number", { mtu: "1500" }, ['"mtu" is "1500", but must be a number']],
  ["NaN", { mtu: NaN }, ['"mtu" is NaN, but must be a finite number']],
  ["an infinite number", { even: Infinity }, ['"even" is Infinity, but must be a finite number']],
  ["two faults of one value", { name: "" }, [
    '"name" is "", but must have at least 1 character',
    '"name" is "": names are lowercase',
  ]],
  ["a message of the schema's own", { name: "Dc" }, ['"name" is "Dc": names are lowercase']],
  ["a refinement without a message", { even: 3 }, ['"even" is 3, but is not accepted here']],
  ["an item of a list", { members: ["a", 2] }, ['"members[1]" is 2, but must be a string']],
  ["too many items", { members: ["a", "b", "c"] }, [
    '"members" is [ "a", "b", "c" ], but must have at most 2 items',
  ]],
  ["a missing option", { interfaces: { eth0: {} } }, [
    '"interfaces.eth0.gateway" is missing; it must be a Router',
  ]],
  ["an object of another class", { interfaces: { eth0: { gateway: new Date() } } }, [
    '"interfaces.eth0.gateway" is [Date], but must be a Router',
  ]],
  ["a text of another format", { interfaces: { eth0: { gateway: new Router(), ip: "1.2" } } }, [
    '"interfaces.eth0.ip" is "1.2", but must be an IPv4 address',
  ]],
  ["a key that is not allowed", { interfaces: { "wlan 0": { gateway: new Router() } } }, [
    '"interfaces" has the key "wlan 0", which must match /^eth\\d$/',
  ]],
  ["a key that is not among the few", { limits: { upp: 1 } }, [
    'unknown option "limits.upp"; did you mean "up"? Options: up, down',
  ]],
  ["the wrong kind of a discriminated union", { link: { kind: "god" } }, [
    '"link.kind" is "god", but must be one of good, broken',
  ]],
  ["a fault in the kind of a discriminated union that was named", { link: { kind: "good" } }, [
    '"link.latencyMs" is missing; it must be a number',
  ]],
  ["something else than options", "fast", ['the value is "fast", but must be an object']],
  ["nothing at all", undefined, ["the value is missing; it must be an object"]],
  ["several faults have a line each", { mtu: 5, natt: 1, even: "2" }, [
    '"mtu" is 5, but must be at least 576',
    '"even" is "2", but must be a number',
    `unknown option "natt"; did you mean "nat"? ${KEYS}`,
  ]],
];

for (const [behaviour, value, lines] of CASES) {
  Deno.test(`the message explains ${behaviour}`, () => {
    assertEquals(faults(value), lines);
  });
}

Deno.test("a value that is not in an object is explained too", () => {
  assertEquals(faults("homee", z.enum(["none", "home"])), [
    'the value is "homee", but must be one of none, home; did you mean "home"?',
  ]);
});

Deno.test("the message says so if an object has no options", () => {
  assertEquals(faults({ x: 1 }, z.strictObject({})), ['unknown option "x". No options exist']);
});

Deno.test("the message of a refinement of the whole is used as it is", () => {
  const schema = z.object({ a: z.number().optional(), b: z.number().optional() })
    .refine(({ a, b }) => a === undefined || b === undefined, "give a or b, not both");
  assertEquals(faults({ a: 1, b: 2 }, schema), ["give a or b, not both"]);
  assertEquals(faults({ link: { a: 1, b: 2 } }, z.strictObject({ link: schema })), [
    '"link" is { a: 1, b: 2 }: give a or b, not both',
  ]);
});

Deno.test("for a union of objects, the message explains the one with the fewest faults", () => {
  const schema = z.strictObject({
    u: z.union([
      z.union([z.string(), z.number()]),
      z.strictObject({ host: z.string(), port: z.number() }),
      z.strictObject({ path: z.string(), mode: z.number().optional() }),
    ]),
  });
  assertEquals(faults({ u: { host: "a" } }, schema), ['"u.port" is missing; it must be a number']);
  assertEquals(faults({ u: { path: 5 } }, schema), ['"u.path" is 5, but must be a string']);
  assertEquals(faults({ u: true }, schema), [
    '"u" is true, but must be a string, a number or an object',
  ]);
});

Deno.test("a union with z.custom() lists its rule beside the others", () => {
  const isRouter = (value: unknown) => value instanceof Router;
  const schema = z.strictObject({
    to: z.union([z.enum(["none"]), z.custom<Router>(isRouter, "must be a Router"), NatConfig]),
  });
  assertEquals(faults({ to: "dc" }, schema), [
    '"to" is "dc", but must be "none", a Router or a NatConfig object',
  ]);
  assertEquals(faults({ to: { mapping: 1 } }, schema), [
    '"to.mapping" is 1, but must be one of EIM, EDM',
  ]);
});

Deno.test("a title names the values of a string format", () => {
  const schema = z.strictObject({
    mac: z.string().regex(/^..:..$/).meta({ title: "MAC address" }),
    after: z.string().startsWith("x"),
    list: z.array(z.number()).length(2),
    step: z.number().multipleOf(5),
    gone: z.never().optional(),
  });
  assertEquals(faults({ mac: "a", after: "y", list: [1], step: 3, gone: 1 }, schema), [
    '"mac" is "a", but must be a MAC address',
    '"after" is "y", but must start with "x"',
    '"list" is [ 1 ], but must have exactly 2 items',
    '"step" is 3, but must be a multiple of 5',
    '"gone" is 1, but must be left out',
  ]);
});

Deno.test("a long value is cut to 80 characters, on one line", () => {
  const [line] = faults({ mtu: { text: "y".repeat(500), deep: { a: { b: 1 } } } });
  const shown = line.slice('"mtu" is '.length, line.indexOf(", but must"));
  assertEquals([shown.length, shown.endsWith("...")], [80, true]);
  assertEquals(faults({ mtu: "a\nb".repeat(50) }).length, 1);
  assertEquals(faults({ mtu: [1, 2, "a\nb"] }), [
    '"mtu" is [ 1, 2, "a\\nb" ], but must be a number',
  ]);
});
