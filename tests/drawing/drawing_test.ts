import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { LabConfig } from "../../lib/lab/config/types.ts";
import { interfaceKey } from "../../lib/drawing/drawing.ts";
import { drawingOf } from "../../lib/lab/config/drawing.ts";
import { drawingDot } from "../../lib/drawing/dot.ts";
import { drawingMermaid } from "../../lib/drawing/mermaid.ts";
import { drawingSvg } from "../../lib/drawing/svg.ts";
import { drawingText } from "../../lib/drawing/text.ts";

/** A topology with every kind of node and link. */
const CITY: LabConfig = {
  regions: {
    eu: { latencies: { us: 40, asia: { latencyMs: 120, lossPct: 1 } } },
    us: { latencies: { eu: 40 } },
  },
  routers: [
    { name: "home", preset: "home", upstream: "isp", downlinkCondition: "wifi" },
    { name: "isp", region: "eu", nat: "cgnat", mtu: 1400, downstreamCidr: "100.64.0.0/24" },
    { name: "dc", preset: "public", ipSupport: "v4-only", region: "us" },
    {
      name: "office",
      preset: "corporate",
      firewall: { inbound: "block", outbound: { tcp: [80, 443] } },
      blockIcmpFragNeeded: true,
    },
  ],
  bridges: {
    lan: { latencyMs: 10, dropRatePct: 1, bandwidthBps: 50_000_000, routes: ["home", "back"] },
    back: { routes: ["lan"] },
  },
  devices: {
    phone: {
      interfaces: {
        wlan0: { gateway: "home", condition: { up: "wifi", down: { latencyMs: 9 } } },
        cell0: { gateway: "isp", condition: { rateKbit: 2_000 } },
      },
      defaultVia: "cell0",
      mtu: 1300,
    },
    client: { count: 3, interfaces: { eth0: { gateway: "dc", ip: "198.18.0.9" } } },
    lonely: {},
  },
  vms: { nas: { memory: "256M", cpus: 2, bridges: ["lan", "back"] } },
};

Deno.test("the IPv6 options of routers and devices are drawn", () => {
  const config: LabConfig = {
    routers: [
      { name: "isp", prefixDelegation: { pool: "auto" } },
      { name: "home", preset: "isp-v6", upstream: "isp", prefixDelegation: true },
      { name: "old", preset: "isp-v6", ipSupport: "v4-only" },
    ],
    devices: {
      phone: {
        interfaces: { eth0: { gateway: "home" } },
        clat: true,
        ipv6: { provisioning: "ra", privacy: true },
      },
    },
  };
  const [, isp, home, phone, old] = drawingText(drawingOf(config, { title: "six" })).split("\n")
    .slice(1);
  assertStringIncludes(isp, "router isp: delegates IPv6 prefixes");
  assertStringIncludes(home, "IPv6 nat64");
  assertStringIncludes(home, "v6-only, IPv6 prefix delegated");
  assertStringIncludes(phone, "eth0; CLAT, IPv6 ra, privacy addresses");
  assert(!old.includes("nat64"), old);
});

Deno.test("a topology is drawn as a tree", () => {
  assertEquals(
    drawingText(drawingOf(CITY, { title: "city" })),
    `city
ix
├─ region eu: to us 40 ms, to asia 120 ms, loss 1 %
│  └─ router isp: NAT cgnat, MTU 1400, LAN 100.64.0.0/24
│     ├─ router home: preset home, NAT home, firewall block-inbound, downlink wifi, routed to lan
│     │  └─ device phone: wlan0, up wifi, down 9 ms; MTU 1300
│     └─ device phone: cell0 (default), 2 Mbit/s
├─ region us: to eu 40 ms
│  └─ router dc: preset public, v4-only
│     └─ device client: eth0, 198.18.0.9; client-0 to client-2
├─ region asia: to eu 120 ms, loss 1 %
└─ router office: preset corporate, NAT corporate, firewall inbound block outbound {tcp 80+443}, path-MTU black hole
bridge lan: 10 ms, loss 1 %, 50 Mbit/s, routed to home, routed to back
└─ vm nas: eth0; tiny, 256M, 2 CPUs
bridge back: routed to lan
└─ vm nas: eth1
device lonely
`,
  );
});

Deno.test("a built topology is drawn with its addresses", () => {
  const config: LabConfig = {
    routers: [{ name: "dc" }],
    devices: { a: { interfaces: { eth0: { gateway: "dc", ip: "198.18.1.7" } } } },
  };
  const addresses = {
    nodes: new Map([["router dc", ["LAN 198.18.1.0/24"]]]),
    interfaces: new Map([
      [interfaceKey("router dc"), ["198.18.0.2"]],
      [interfaceKey("device a", "eth0"), ["198.18.1.7", "2001:db8:1::7"]],
    ]),
  };
  assertEquals(
    drawingText(drawingOf(config, { addresses })),
    `ix
└─ router dc: 198.18.0.2; LAN 198.18.1.0/24
   └─ device a: eth0, 198.18.1.7, 2001:db8:1::7
`,
  );
});

Deno.test("undefined names, and routers upstream of each other, are drawn too", () => {
  assertEquals(
    drawingText(drawingOf({
      routers: [{ name: "a", upstream: "b" }, { name: "b", upstream: "a" }],
      devices: { c: { interfaces: { eth0: { gateway: "d" } } } },
    })),
    `ix
unknown d: not defined
└─ device c: eth0
router a
└─ router b
   └─ router a
`,
  );
});

Deno.test("an empty topology is drawn as the IX", () => {
  assertEquals(drawingText(drawingOf({})), "ix\n");
});

Deno.test("a topology is drawn for Graphviz", () => {
  const dot = drawingDot(drawingOf({
    routers: [{ name: "home", preset: "home" }],
    devices: { a: { interfaces: { eth0: { gateway: "home", condition: "wifi" } } } },
  }, { title: 'say "hi"' }));
  const lines = dot.split("\n").map((line) => line.trim());
  assertStringIncludes(lines[1], 'label="say \\"hi\\""');
  assertEquals(lines.slice(4), [
    '"ix" [shape=ellipse, fillcolor="#e5e7eb", color="#4b5563", tooltip="ix", label="ix"];',
    '"router home" [shape=box, fillcolor="#dbeafe", color="#1d4ed8", tooltip="router home", ' +
    'label="home\\nrouter\\npreset home\\nNAT home\\nfirewall block-inbound"];',
    '"device a" [shape=box, fillcolor="#dcfce7", color="#15803d", tooltip="device a", label="a\\ndevice"];',
    '"ix" -- "router home" [style=solid];',
    '"router home" -- "device a" [style=solid, label="eth0\\nwifi"];',
    "}",
    "",
  ]);
});

Deno.test("a topology is drawn for Mermaid", () => {
  assertEquals(
    drawingMermaid(drawingOf({
      routers: [{ name: "home", nat: { hairpin: true } }],
      devices: { end: { interfaces: { eth0: { gateway: "home", condition: "wifi" } } } },
      bridges: { lan: { routes: ["home"] } },
    }, { title: "a #1" })),
    `---
title: "a #1"
---
flowchart TB
  n0(["ix"])
  n1["home<br/>router, NAT hairpin true"]
  n2[["lan<br/>bridge"]]
  n3("end<br/>device")
  n0 --- n1
  n1 ---|"eth0, wifi"| n3
  n2 -.-|"routed"| n1
`,
  );
});

Deno.test("a topology as SVG is well-formed, has all names, and can be read on light and dark", async () => {
  const drawing = drawingOf(CITY, { title: "city <&> town" });
  const svg = await drawingSvg(drawing);
  assertEquals(fault(svg), undefined);
  assertMatch(svg, /<svg [^>]*viewBox=/);
  assertStringIncludes(svg, "prefers-color-scheme: dark");
  assertStringIncludes(svg, "city &lt;&amp;&gt; town");
  const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
  for (const { name } of drawing.nodes) assert(texts.includes(name), name);
  // No background is drawn, so that of the viewer is visible.
  assertEquals(svg.includes('fill="white"'), false);
});

Deno.test("a topology with special characters in names is well-formed SVG", async () => {
  const svg = await drawingSvg(drawingOf({ devices: { '<a & "b">\\': {} } }));
  assertEquals(fault(svg), undefined);
  assertStringIncludes(svg, "&lt;a &amp;");
});

/** The first fault of an XML document: a tag that is not closed in order, or a stray `<` or `&`. */
function fault(xml: string): string | undefined {
  const body = xml.replace(/<\?xml[^]*?\?>|<!--[^]*?-->|<!DOCTYPE[^>]*>/g, "");
  const open: string[] = [];
  const tag = /<(\/?)([\w:.-]+)((?:\s+[\w:.-]+="[^"<]*")*)\s*(\/?)>/y;
  for (let at = 0; at < body.length;) {
    tag.lastIndex = at;
    const found = tag.exec(body);
    if (found) {
      const [all, closing, name, , empty] = found;
      if (closing && open.pop() !== name) return `</${name}> closes nothing`;
      if (!closing && !empty) open.push(name);
      at += all.length;
    } else if (body[at] === "<") return body.slice(at, at + 40);
    else at++;
  }
  const entity = /&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-f]+);)/i.exec(body);
  if (entity) return body.slice(entity.index, entity.index + 40);
  return open.length > 0 ? `<${open.at(-1)}> is open` : undefined;
}
