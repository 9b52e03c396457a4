import { assert, assertEquals } from "@std/assert";
import { addressOf, answerFrom, lacksAaaa, synthesize } from "../../lib/dns64/answer.ts";
import {
  fitUdp,
  isTruncated,
  type Message,
  type Packet,
  rcodeOf,
  readMessage,
  validatesItself,
  writeMessage,
} from "../../lib/dns64/messages.ts";

const PREFIX = "64:ff9b::/96";
const TABLE = new Map([
  ["four.test", ["198.51.100.1", "198.51.100.2"]],
  ["six.test", ["2001:db8::1"]],
  ["both.test", ["198.51.100.3", "2001:db8::3"]],
]);

/** A message after encoding and decoding. */
function received(packet: Packet): Message {
  const message = readMessage(writeMessage(packet));
  assert(message);
  return message;
}

// deno-lint-ignore no-explicit-any -- the names of types are dns-packet's
const query = (name: string, type: any, more: Packet = {}): Message =>
  received({ type: "query", id: 7, flags: 1 << 8, questions: [{ name, type }], ...more });

// deno-lint-ignore no-explicit-any -- as above
function answersTo(name: string, type: any): unknown[] | undefined {
  const answer = answerFrom(TABLE, query(name, type), PREFIX);
  // deno-lint-ignore no-explicit-any -- as above
  return answer && received(answer).answers!.map((one: any) => `${one.type} ${one.data}`);
}

Deno.test("a name has the addresses of the table, and embedded ones if none is IPv6", () => {
  assertEquals(answersTo("four.test", "A"), ["A 198.51.100.1", "A 198.51.100.2"]);
  assertEquals(answersTo("Four.TEST", "AAAA"), [
    "AAAA 64:ff9b::c633:6401",
    "AAAA 64:ff9b::c633:6402",
  ]);
  assertEquals(answersTo("six.test", "AAAA"), ["AAAA 2001:db8::1"]);
  assertEquals(answersTo("both.test", "AAAA"), ["AAAA 2001:db8::3"]);
  assertEquals(answersTo("both.test", "A"), ["A 198.51.100.3"]);
});

Deno.test("a name of the table exists also for record types that it does not have", () => {
  assertEquals(answersTo("six.test", "A"), []);
  assertEquals(answersTo("four.test", "MX"), []);
  assertEquals(answersTo("other.test", "A"), undefined);
});

Deno.test("an address of the table has its name, also in its embedded form", () => {
  assertEquals(answersTo("1.100.51.198.in-addr.arpa", "PTR"), ["PTR four.test"]);
  const reverse = (hex: string) => [...hex].reverse().join(".") + ".ip6.arpa";
  const embedded = reverse("0064ff9b0000000000000000c6336401");
  assertEquals(addressOf(embedded), "64:ff9b::c633:6401");
  assertEquals(answersTo(embedded, "PTR"), ["PTR four.test"]);
  assertEquals(answersTo(reverse("20010db8000000000000000000000001"), "PTR"), ["PTR six.test"]);
  for (const name of ["1.2.3.in-addr.arpa", "256.1.1.1.in-addr.arpa", "x.ip6.arpa", "a.test"]) {
    assertEquals(addressOf(name), undefined);
  }
  assertEquals(answersTo("9.9.9.9.in-addr.arpa", "PTR"), undefined);
});

Deno.test("an answer carries the query's ID, question and flags", () => {
  const answer = received(answerFrom(TABLE, query("four.test", "A"), PREFIX)!);
  assertEquals([answer.id, answer.type, rcodeOf(answer)], [7, "response", 0]);
  assertEquals([answer.flag_aa, answer.flag_rd, answer.flag_ra], [true, true, true]);
  assertEquals(answer.questions?.[0].name, "four.test");
});

Deno.test("AAAA answers are synthesized from A answers, and aliases stay", () => {
  const asked = query("www.example", "AAAA");
  const four = received({
    type: "response",
    questions: [{ name: "www.example", type: "A" }],
    answers: [
      { type: "CNAME", name: "www.example", ttl: 60, data: "host.example" },
      { type: "A", name: "host.example", ttl: 30, data: "192.0.2.33" },
      { type: "TXT", name: "host.example", ttl: 30, data: "no address" },
    ],
  });
  assert(lacksAaaa(four));
  // deno-lint-ignore no-explicit-any -- as above
  const made = received(synthesize(asked, four, PREFIX)).answers!.map((one: any) =>
    `${one.type} ${one.name} ${one.ttl} ${one.data}`
  );
  assertEquals(made, [
    "CNAME www.example 60 host.example",
    "AAAA host.example 30 64:ff9b::c000:221",
  ]);
});

Deno.test("IPv4-mapped addresses do not count as IPv6", () => {
  const of = (data: string) =>
    lacksAaaa(received({
      type: "response",
      answers: [{ type: "AAAA", name: "a.example", data }],
    }));
  assertEquals([of("::ffff:c000:221"), of("2001:db8::1")], [true, false]);
});

Deno.test("a client that validates DNSSEC gets no synthesized records", () => {
  const opt = (flags: number) => ({
    type: "OPT" as const,
    name: "." as const,
    udpPayloadSize: 1232,
    extendedRcode: 0,
    ednsVersion: 0,
    flags,
    flag_do: flags > 0,
    options: [],
  });
  const DO = 1 << 15;
  const CD = 1 << 4;
  const asks = (flags: number, extended: number) =>
    validatesItself(query("a.test", "AAAA", { flags, additionals: [opt(extended)] }));
  assertEquals([asks(CD, DO), asks(CD, 0), asks(0, DO)], [true, false, false]);
});

Deno.test("a response that is too long for UDP is truncated and marked", () => {
  const table = new Map([["many.test", Array.from({ length: 40 }, (_, n) => `192.0.2.${n}`)]]);
  const asked = query("many.test", "A");
  const bytes = fitUdp(asked, answerFrom(table, asked, PREFIX)!);
  const cut = readMessage(bytes)!;
  assertEquals([isTruncated(cut), cut.answers, bytes.length <= 512], [true, [], true]);
  assertEquals(readMessage(new Uint8Array([1, 2, 3])), undefined);
});
