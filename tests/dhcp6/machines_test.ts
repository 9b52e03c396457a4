import { assert, assertEquals } from "@std/assert";
import { parseCidr } from "../../lib/address/mod.ts";
import {
  type ClientEvent,
  decodeMessage,
  DelegationClient,
  DelegationServer,
  type Dhcp6Message,
  duidOf,
  encodeMessage,
  type MessageType,
  PrefixPool,
  type Step,
} from "../../lib/dhcp6/mod.ts";

const CLIENT = duidOf("02:4e:59:00:00:01");
const SERVER = duidOf("02:4e:59:00:00:02");

interface Setting {
  pool?: string;
  length?: number;
  wished?: number;
  preferredSecs?: number;
  validSecs?: number;
  /** Returns whether a message arrives. */
  arrives?: (message: Dhcp6Message) => boolean;
}

/** A client and a server on a wire without delay, on a clock that only the test moves. */
function link(setting: Setting = {}) {
  const { pool = "2001:db8:8000::/40", length = 56, wished, arrives = () => true } = setting;
  const { preferredSecs = 3600, validSecs = 7200 } = setting;
  let nowMs = 0;
  const server = new DelegationServer({
    duid: SERVER,
    pool: new PrefixPool(parseCidr(pool)),
    length,
    preferredSecs,
    validSecs,
  });
  const client = new DelegationClient({
    duid: CLIENT,
    association: 1,
    length: wished,
    random: () => 0.5,
  });
  const wire: [type: MessageType, atMs: number][] = [];
  const events: ClientEvent[] = [];
  const carry = (message: Dhcp6Message) => {
    wire.push([message.type, nowMs]);
    return arrives(message) ? decodeMessage(encodeMessage(message)) : undefined;
  };
  const take = (step: Step) => {
    events.push(...step.events);
    for (const sent of step.send) {
      const heard = carry(sent);
      const answer = heard && server.receive(heard, nowMs);
      const back = answer && carry(answer);
      if (back) take(client.receive(back, nowMs));
    }
  };
  return {
    client,
    server,
    wire,
    events,
    act: (step: (nowMs: number) => Step) => take(step(nowMs)),
    /** Advances the clock, and handles everything that becomes due. */
    until(endMs: number) {
      while (client.dueMs <= endMs) {
        nowMs = client.dueMs;
        take(client.tick(nowMs));
      }
      nowMs = endMs;
    },
    told: () => events.splice(0).map(eventText),
  };
}

function eventText(event: ClientEvent): string {
  if (event.kind === "bound" || event.kind === "extended") {
    const former = event.kind === "bound" && event.former ? ` for ${event.former}` : "";
    return `${event.kind} ${event.lease.prefix}${former}`;
  }
  return event.kind === "refused" ? "refused" : `${event.kind} ${event.former}`;
}

Deno.test("four messages give a client a prefix", () => {
  const { client, wire, act, told } = link();
  act((now) => client.start(now));
  assertEquals(wire.map(([type]) => type), ["solicit", "advertise", "request", "reply"]);
  assertEquals(told(), ["bound 2001:db8:8000::/56"]);
});

Deno.test("a client may request a longer prefix than the default, and no shorter one", () => {
  for (const [wished, given] of [[60, 60], [64, 64], [48, 56], [undefined, 56]] as const) {
    const { client, act, told } = link({ wished });
    act((now) => client.start(now));
    assertEquals(told(), [`bound 2001:db8:8000::/${given}`]);
  }
});

Deno.test("a prefix is extended at half of its preferred lifetime, again and again", () => {
  const { client, wire, act, told, until } = link({ preferredSecs: 100, validSecs: 200 });
  act((now) => client.start(now));
  wire.length = 0;
  until(160_000);
  assertEquals(wire, [
    ["renew", 50_000],
    ["reply", 50_000],
    ["renew", 100_000],
    ["reply", 100_000],
    ["renew", 150_000],
    ["reply", 150_000],
  ]);
  assertEquals(told().slice(1), Array(3).fill("extended 2001:db8:8000::/56"));
});

Deno.test("a lost solicitation is sent again after 1 s, 2 s, 4 s", () => {
  let lost = 3;
  const { client, wire, act, told, until } = link({
    arrives: ({ type }) => type !== "solicit" || lost-- <= 0,
  });
  act((now) => client.start(now));
  until(60_000);
  const sent = wire.filter(([type]) => type === "solicit").map(([, atMs]) => atMs);
  assertEquals(sent, [0, 1_000, 3_000, 7_000]);
  assertEquals(told(), ["bound 2001:db8:8000::/56"]);
});

Deno.test("after ten unanswered requests the client solicits again", () => {
  let deaf = true;
  const { client, wire, act, told, until } = link({
    arrives: ({ type }) => !(deaf && type === "request"),
  });
  act((now) => client.start(now));
  until(1_000_000);
  const requests = wire.filter(([type]) => type === "request");
  assertEquals(requests.slice(0, 10).map(([, at]) => at / 1000), [
    0,
    1,
    3,
    7,
    15,
    31,
    61,
    91,
    121,
    151,
  ]);
  assertEquals(wire.filter(([type]) => type === "solicit").length > 1, true);
  deaf = false;
  until(2_000_000);
  assertEquals(told().length, 1);
  assertEquals(client.lease?.prefix.prefix, 56);
});

Deno.test("without a server, a client rebinds, loses its prefix when it expires, and solicits", () => {
  let gone = false;
  const { client, wire, act, told, until } = link({
    preferredSecs: 100,
    validSecs: 200,
    arrives: () => !gone,
  });
  act((now) => client.start(now));
  gone = true;
  wire.length = 0;
  until(199_999);
  assertEquals(wire.slice(0, 5), [
    ["renew", 50_000],
    ["renew", 60_000],
    ["rebind", 80_000],
    ["rebind", 90_000],
    ["rebind", 110_000],
  ]);
  assertEquals(told(), ["bound 2001:db8:8000::/56"]);
  until(200_000);
  assertEquals(told(), ["lost 2001:db8:8000::/56"]);
  assertEquals(wire.at(-1), ["solicit", 200_000]);
  gone = false;
  until(300_000);
  // The former is another's to have: fresh ones come first.
  assertEquals(told()[0], "bound 2001:db8:8000:100::/56");
});

Deno.test("a server that renumbers a client gives it another prefix when it renews", () => {
  const { client, server, wire, act, told } = link();
  act((now) => client.start(now));
  wire.length = 0;
  server.renumber(CLIENT);
  act((now) => client.renew(now));
  assertEquals(wire.map(([type]) => type), ["renew", "reply"]);
  assertEquals(told().slice(1), ["bound 2001:db8:8000:100::/56 for 2001:db8:8000::/56"]);
  act((now) => client.renew(now));
  assertEquals(told(), ["extended 2001:db8:8000:100::/56"]);
});

Deno.test("a client whose server has no other prefix keeps the one that it has", () => {
  const { client, server, act, told } = link({ pool: "2001:db8:8000::/56" });
  act((now) => client.start(now));
  server.renumber(CLIENT);
  act((now) => client.renew(now));
  act((now) => client.renew(now));
  assertEquals(told(), [
    "bound 2001:db8:8000::/56",
    "refused",
    "extended 2001:db8:8000::/56",
  ]);
  assertEquals(String(client.lease?.prefix), "2001:db8:8000::/56");
});

Deno.test("a server with a new pool moves its clients there when they renew", () => {
  const { client, server, act, told } = link();
  act((now) => client.start(now));
  server.usePool(new PrefixPool(parseCidr("2001:db8:9000::/56")), 60);
  act((now) => client.renew(now));
  assertEquals(told().slice(1), ["bound 2001:db8:9000::/60 for 2001:db8:8000::/56"]);
});

Deno.test("a released prefix is free, and the client has none", () => {
  const { client, server, wire, act, told } = link({ pool: "2001:db8:8000::/56" });
  act((now) => client.start(now));
  act((now) => client.release(now));
  assertEquals(told().at(-1), "released 2001:db8:8000::/56");
  assertEquals([client.lease, client.dueMs], [undefined, Infinity]);
  assertEquals(wire.slice(-2).map(([type]) => type), ["release", "reply"]);
  assertEquals(String(server.pool.take(56)), "2001:db8:8000::/56");
});

Deno.test("without an answer, a client has released its prefix after four attempts", () => {
  let gone = false;
  const { client, wire, act, told, until } = link({ arrives: () => !gone });
  act((now) => client.start(now));
  gone = true;
  act((now) => client.release(now));
  until(1_000_000);
  assertEquals(wire.filter(([type]) => type === "release").length, 4);
  assertEquals(told().at(-1), "released 2001:db8:8000::/56");
});

Deno.test("a server without free prefixes refuses, and the client keeps asking", () => {
  const { client, server, act, told, until } = link({ pool: "2001:db8:8000::/56" });
  const other = server.pool.take(56);
  act((now) => client.start(now));
  assertEquals(told(), ["refused"]);
  server.pool.release(other);
  until(1_000);
  assertEquals(told(), ["bound 2001:db8:8000::/56"]);
});

Deno.test("a server frees a prefix that its client did not renew when it expires", () => {
  let gone = false;
  const { client, server, act } = link({
    pool: "2001:db8:8000::/56",
    preferredSecs: 10,
    validSecs: 20,
    arrives: () => !gone,
  });
  act((now) => client.start(now));
  gone = true;
  const ask = (nowMs: number) =>
    server.receive({
      type: "solicit",
      transaction: 1,
      clientId: duidOf("02:4e:59:00:00:09"),
      associations: [{ id: 1, renewSecs: 0, rebindSecs: 0, prefixes: [] }],
      others: [],
    }, nowMs)!.associations[0].prefixes.length;
  assertEquals([ask(19_999), ask(20_000)], [0, 1]);
});

Deno.test("a client ignores answers for others", () => {
  const { client } = link();
  const [sent] = client.start(0).send;
  const offer = (change: Partial<Dhcp6Message>): Dhcp6Message => ({
    type: "advertise",
    transaction: sent.transaction,
    clientId: CLIENT,
    serverId: SERVER,
    associations: [{
      id: 1,
      renewSecs: 0,
      rebindSecs: 0,
      prefixes: [{ prefix: parseCidr("2001:db8::/56"), preferredSecs: 10, validSecs: 20 }],
    }],
    others: [],
    ...change,
  });
  const wrong: Partial<Dhcp6Message>[] = [
    { transaction: sent.transaction ^ 1 },
    { clientId: SERVER },
    { clientId: undefined },
    { serverId: undefined },
    { type: "reply" },
  ];
  for (const change of wrong) {
    assertEquals(client.receive(offer(change), 1), { send: [], events: [] });
  }
  assertEquals(client.receive(offer({}), 1).send[0].type, "request");
});

Deno.test("a server ignores clients that address another server, or have no DUID", () => {
  const { server } = link();
  const ask = (change: Partial<Dhcp6Message>) =>
    server.receive({
      type: "request",
      transaction: 1,
      clientId: CLIENT,
      serverId: SERVER,
      associations: [{ id: 1, renewSecs: 0, rebindSecs: 0, prefixes: [] }],
      others: [],
      ...change,
    }, 0);
  assertEquals(ask({ serverId: CLIENT }), undefined);
  assertEquals(ask({ serverId: undefined }), undefined);
  assertEquals(ask({ clientId: undefined }), undefined);
  assertEquals(ask({ type: "solicit" }), undefined);
  assertEquals(ask({ type: "confirm" }), undefined);
  assertEquals(ask({ type: "rebind", serverId: undefined }), undefined);
  assertEquals(ask({ type: "renew" })?.associations[0].status?.code, 3);
  assert(ask({}));
});

Deno.test("prefixes of different lengths from one pool never overlap", () => {
  const pool = new PrefixPool(parseCidr("2001:db8:8000::/56"));
  const parts = [64, 60, 64, 58, 60, 64].map((length) => pool.take(length));
  assertEquals(parts.map(String), [
    "2001:db8:8000::/64",
    "2001:db8:8000:10::/60",
    "2001:db8:8000:1::/64",
    "2001:db8:8000:40::/58",
    "2001:db8:8000:20::/60",
    "2001:db8:8000:2::/64",
  ]);
  for (const a of parts) for (const b of parts) assert(a === b || !a.overlaps(b));
  for (const part of parts) pool.release(part);
  assertEquals(String(new PrefixPool(parseCidr("2001:db8::/56")).take(56)), "2001:db8::/56");
  assertEquals(pool.take(56).prefix, 56);
});
