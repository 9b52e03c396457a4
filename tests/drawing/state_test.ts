import { assertEquals } from "@std/assert";
import { drawingOfState } from "../../lib/drawing/state.ts";
import { drawingText } from "../../lib/drawing/text.ts";
import { Lab, readRun } from "@netyard/netyard";

Deno.test("a lab is drawn as it was: conditions, what is down, partitions, addresses", async () => {
  const outDir = await Deno.makeTempDir();
  try {
    let path: string;
    {
      await using lab = await Lab.create({ label: "two homes", seed: 1, outDir });
      path = lab.outDir!;
      await lab.addRegion("eu");
      await lab.addRegion("us");
      await lab.linkRegions("eu", "us", { latencyMs: 40 });
      const dc = await lab.addRouter("dc", { preset: "public", region: "eu" });
      const home = await lab.addRouter("home", { preset: "home" });
      const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
      const laptop = await lab.addDevice("laptop", {
        interfaces: { eth0: { gateway: home }, wlan0: { gateway: dc, condition: "wifi" } },
      });
      const lan = lab.bridge("lan");
      await lan.attach([server, laptop]);
      await lan.partition(server, laptop);
      await lan.addLatency(5);
      await laptop.interface("eth0").linkDown();
      await lab.breakRegionLink("eu", "us");
    }
    const { state } = await readRun(path);
    assertEquals(
      drawingText(drawingOfState(state)),
      `two homes
ix
├─ region eu: 198.18.16.0/20, 2001:db8:0:1::/64, to us broken, 40 ms
│  └─ router dc: 198.18.16.2, 2001:db8:0:1::2; preset public, LAN 198.19.1.0/24, LAN 2001:db8:1:1::/64
│     ├─ device server: eth0 (default), 198.19.1.2, 2001:db8:1:1::2
│     └─ device laptop: wlan0, wifi, 198.19.1.3, 2001:db8:1:1::3
├─ region us: 198.18.32.0/20, 2001:db8:0:2::/64, to eu broken, 40 ms
└─ router home: 198.18.0.4, 2001:db8::4; preset home, NAT home, firewall block-inbound, LAN 10.0.1.0/24, LAN fd10:0:1::/64
   └─ device laptop: eth0 (default), down, 10.0.1.2, fd10:0:1::2
bridge lan: 10.0.2.0/24, fd10:0:2::/64, 5 ms, laptop and server partitioned
├─ device server: eth1, 10.0.2.2, fd10:0:2::2
└─ device laptop: eth1, 10.0.2.3, fd10:0:2::3
`,
    );
  } finally {
    await Deno.remove(outDir, { recursive: true });
  }
});
