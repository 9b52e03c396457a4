import { assertEquals } from "@std/assert";
import { type Device, Lab, type Node, RegionLink } from "@netyard/netyard";
import { takes as takesTo } from "../../link/kit.ts";

/** Checks the round trip to all addresses of a device, or to one. */
async function takes(ms: number, from: Node, to: Device | string): Promise<void> {
  for (const ip of typeof to === "string" ? [to] : [to.ip!, to.ip6!]) {
    await takesTo(ms, from, ip);
  }
}

/** us(a, d), eu(b) and asia(c), each linked with each;  ix -- e's router */
async function world(lab: Lab) {
  const regions = await lab.addDefaultRegions();
  const at = async (name: string, region?: Node) => {
    const gateway = await lab.addRouter(`r-${name}`, { region });
    return lab.addDevice(name, { interfaces: { eth0: { gateway } } });
  };
  return {
    ...regions,
    a: await at("a", regions.us),
    b: await at("b", regions.eu),
    c: await at("c", regions.asia),
    d: await at("d", regions.us),
    e: await at("e"),
  };
}

Deno.test("the links between regions add their latency to round trips", async () => {
  await using lab = await Lab.create();
  const { us, eu, a, b, c, d, e } = await world(lab);
  await takes(80, a, b);
  await takes(80, b, a);
  await takes(150, a, c);
  await takes(190, b, c);
  await takes(0, a, d);
  await takes(0, a, e);
  await takes(0, e, b);
  await takes(80, us, eu.ip);
  await lab.breakRegionLink(us, eu);
  await takes(150 + 190, a, b);
  await lab.restoreRegionLink(us, eu);
  await takes(80, a, b);
  await lab.linkRegions(us, eu, RegionLink.good(20));
  await takes(20, b, a);
  await lab.linkRegions(us, eu, {});
  await takes(0, b, a);
});

Deno.test("packets in transit on a link are lost when it breaks", async () => {
  await using lab = await Lab.create();
  const [us, eu] = [await lab.addRegion("us"), await lab.addRegion("eu")];
  await lab.linkRegions(us, eu, RegionLink.good(1000));
  const ping = us.command("ping", { args: ["-n", "-q", "-c", "1", "-W", "3", eu.ip] }).output();
  await new Promise((done) => setTimeout(done, 250));
  await lab.breakRegionLink(us, eu);
  await lab.restoreRegionLink(us, eu);
  assertEquals((await ping).code, 1);
  await takes(1000, us, eu.ip);
});
