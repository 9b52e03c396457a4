// The packets view shows what went over the links of a real lab: a hole punch through two NATs.
import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { Lab } from "@netyard/netyard";
import { serveRuns } from "../../lib/devtools/server/serve.ts";
import { staticPage } from "../../lib/devtools/server/static_page.ts";
import { readCapture, summarise } from "../../lib/packets/mod.ts";
import { findProgram } from "../../native/process/process.ts";
import { browserTest, openPage, until } from "./browser_kit.ts";
import { holePunch, LOST, PORT, type Punched, WAYS } from "./punch_kit.ts";

type Page = Awaited<ReturnType<typeof openPage>>["page"];

interface Built extends Punched {
  root: string;
}

let built: Promise<Built> | undefined;

function recorded(): Promise<Built> {
  return built ??= (async () => {
    const root = await Deno.makeTempDir({ prefix: "netyard-packets-" });
    await using lab = await Lab.create({
      label: "hole punch",
      outDir: { exact: `${root}/punch` },
      record: "full",
      linkEngine: "emulator",
    });
    return { root, ...await holePunch(lab) };
  })();
}

Deno.test.afterAll(async () => {
  if (built) await Deno.remove((await built).root, { recursive: true });
});

const VIEW = "#/run/punch/packets";

async function inView(
  hash: string,
  act: (page: Page, built: Built) => Promise<void>,
  address?: (built: Built) => Promise<string>,
): Promise<void> {
  const run = await recorded();
  await using server = serveRuns({ root: run.root, bind: "127.0.0.1:0" });
  await using opened = await openPage((await address?.(run) ?? server.url) + hash);
  await opened.page.waitForSelector("[data-packet], [data-dot]");
  await act(opened.page, run);
  assertEquals(opened.faults, []);
  assertEquals(await opened.page.evaluate("window.hacked"), undefined);
}

const counted = async (page: Page) =>
  Number(await page.locator("[data-count]").getAttribute("data-count"));

/** All packets of the files, read without the page. */
async function packetsOf({ root }: Built) {
  const directory = `${root}/punch/captures`;
  const found = [];
  for await (const { name } of Deno.readDir(directory)) {
    if (!name.endsWith(".pcapng")) continue;
    const { frames } = readCapture(await Deno.readFile(`${directory}/${name}`));
    for (const frame of frames) found.push({ name, frame, summary: summarise(frame) });
  }
  return found;
}

/** The bytes of what a button downloads. */
async function downloadOf(page: Page, button: string): Promise<[name: string, Uint8Array]> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.locator(button).click(),
  ]);
  return [download.suggestedFilename(), await Deno.readFile(await download.path())];
}

browserTest(
  "the list has the packets of all interfaces, and a filter leaves those that it names",
  () =>
    inView(VIEW, async (page, built) => {
      const all = await packetsOf(built);
      await until(
        page,
        `document.querySelector("[data-count]")?.dataset.count === "${all.length}"`,
      );
      const search = page.locator("[data-search]");
      await search.fill(`udp port ${PORT} and node a`);
      const wanted = all.filter(({ name, summary }) =>
        name === "a-eth0.pcapng" && summary.protocols.includes("udp") &&
        [summary.sourcePort, summary.destinationPort].includes(PORT)
      );
      assertGreater(wanted.length, 3);
      await until(
        page,
        `document.querySelector("[data-count]").dataset.count === "${wanted.length}"`,
      );
      assertEquals(await page.locator("[data-packet]").count(), wanted.length);
      const rows = await page.locator("[data-packet]").allInnerTexts();
      assert(
        rows.every((row) => row.includes(built.own[0]) && row.includes("UDP")),
        rows.join("\n"),
      );
      await until(page, `location.hash.endsWith("filter=udp+port+${PORT}+and+node+a")`);

      const [name, bytes] = await downloadOf(page, "[aria-label=Download]");
      assertEquals(name, "hole punch.pcapng");
      const { frames, fault, interfaces } = readCapture(bytes);
      assertEquals([fault, interfaces.map(({ name }) => name)], [undefined, ["a eth0"]]);
      assertEquals(frames.map(({ timeMs }) => timeMs), wanted.map(({ frame }) => frame.timeMs));

      await search.fill("port http");
      await until(page, `document.querySelector("[role=alert]") !== null`);
      assertEquals(
        await page.locator("[role=alert]").innerText(),
        'At character 6 of the filter: expected a port from 0 to 65535, found "http"',
      );
      await search.fill("");
      await page.locator("select[aria-label=Node]").selectOption("nat-b");
      const atNatB = all.filter(({ name }) => name.startsWith("nat-b")).length;
      await until(page, `document.querySelector("[data-count]").dataset.count === "${atNatB}"`);
      await page.locator("select[aria-label=Protocol]").selectOption("UDP");
      const udp = all.filter(({ name, summary }) =>
        name.startsWith("nat-b") && summary.protocol === "UDP"
      );
      await until(page, `document.querySelector("[data-count]").dataset.count === "${udp.length}"`);
    }),
);

browserTest(
  "a packet shows its fields, and the bytes of the one that is chosen",
  () =>
    inView(`${VIEW}?filter=udp+port+${PORT}+and+node+a`, async (page, built) => {
      await page.locator("[data-packet]").first().click();
      await page.waitForSelector("[aria-label=Packet]");
      const field = (path: string) => page.locator(`[data-field='${path}']`);
      await field("UDP/Source port").click();
      assertStringIncludes(await field("UDP/Source port").innerText(), String(PORT));
      const marked = () => page.locator(".hex").getAttribute("data-marked");
      assertEquals(await marked(), "34-36");
      assertEquals(await page.locator(".hex-bytes .marked").allInnerTexts(), ["0f", "a0"]);
      await field("IPv4").click();
      assertStringIncludes(await page.locator(".fields").innerText(), built.own[0]);
      // A click on a byte chooses the field that has it.
      await page.locator(".hex-bytes [data-at='22']").click();
      assertEquals(
        await page.locator("[aria-selected=true][data-field]").getAttribute("data-field"),
        "IPv4/TTL",
      );
      // The next packet, with the same field; the moment of the page moves with it.
      const moment = () => page.locator("[data-time]").innerText();
      const [before, first] = [page.url(), await moment()];
      await page.locator("[data-packet]").nth(1).click();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowDown");
      await until(page, `document.querySelectorAll("[data-packet]")[3].ariaSelected === "true"`);
      await until(page, `location.href !== ${JSON.stringify(before)}`);
      assertEquals(await marked(), "22-23");
      assert(await moment() !== first);
      // The slider goes to a moment, and the list marks the last packet before it.
      await page.keyboard.press("Home");
      await until(page, `document.querySelectorAll("[data-packet].now").length === 1`);
      const [name, bytes] = await downloadOf(page, "[title^='Download captures/']");
      const original = await Deno.readFile(`${built.root}/punch/captures/a-eth0.pcapng`);
      assertEquals([name, bytes], ["a-eth0.pcapng", original]);
      await page.keyboard.press("Escape");
      await until(page, `document.querySelector("[aria-label=Packet]") === null`);
    }),
);

/** The ladder, as it is drawn. */
async function ladderIn(page: Page, { own, mapped }: Built): Promise<void> {
  await page.waitForSelector("[data-dot]");
  assertEquals(
    await page.locator("[data-column]").evaluateAll((all) =>
      all.map((each) => each.getAttribute("data-column"))
    ),
    ["a", "nat-a", "nat-b", "b"],
  );
  const [a, b] = mapped.map(({ ip, port }) => `${ip}:${port}`);
  const notes = async (node: string) =>
    new Set(
      (await page.locator(`[data-note=${node}]`).allInnerTexts()).map((text) =>
        text.replace(/\s+/g, " ").trim()
      ),
    );
  assertEquals(
    await notes("nat-a"),
    new Set([`${own[0]}:${PORT} → ${a}`, `${a} → ${own[0]}:${PORT}`]),
  );
  assertEquals(
    await notes("nat-b"),
    new Set([`${own[1]}:${PORT} → ${b}`, `${b} → ${own[1]}:${PORT}`]),
  );
  const fates = async (kind: string) =>
    (await page.locator(`[data-fate=${kind}]`).allInnerTexts()).map((text) => text.trim());
  const stopped = await fates("stopped");
  assertGreater(stopped.length, 0);
  assertEquals(stopped[0], `Dropped the NAT of nat-b has no mapping for ${b}`);
  assertEquals(await fates("lost"), [`Lost ${LOST}`]);
}

browserTest(
  "the ladder of a hole punch has both NATs' translations, and marks what was lost where it was",
  () =>
    inView(
      `${VIEW}?filter=udp+port+${PORT}+and+node+a+and+host+198.18.0.4`,
      async (page, built) => {
        await page.locator("[data-packet]").first().click();
        await page.keyboard.press("l");
        await ladderIn(page, built);
        // Each packet that came through was seen at six places, in this order.
        const dots = await page.locator("[data-dot]").evaluateAll((all) =>
          all.map((each): [string, string, number] => [
            each.getAttribute("data-travel")!,
            each.getAttribute("data-dot")!,
            Number(each.getAttribute("cy")),
          ])
        );
        const ways = [...Map.groupBy(dots, ([travel]) => travel).values()];
        const complete = ways.filter((way) => way.length === 6);
        assertGreater(complete.length, 1);
        for (const way of complete) {
          const places = way.map(([, place]) => place);
          assert(
            WAYS.some((each) => JSON.stringify(each) === JSON.stringify(places)),
            JSON.stringify(places),
          );
          assert(way.every(([, , y], i) => i === 0 || y > way[i - 1][2]), "later is lower");
        }
        // A place leads to its packet; the arrows of the keyboard to the next one.
        await page.locator("[data-dot='nat-b/ix']").first().click();
        await until(
          page,
          `document.querySelector("[aria-label=Packet]").innerText.includes("nat-b ix")`,
        );
        const before = await page.locator("[aria-label=Packet] dd").first().innerText();
        await page.keyboard.press("ArrowDown");
        await until(
          page,
          `document.querySelector("[aria-label=Packet] dd").innerText !== ${
            JSON.stringify(before)
          }`,
        );
        // One packet alone.
        await page.locator("text=This packet").click();
        await until(page, `document.querySelectorAll(".ladder-title").length === 1`);
      },
    ),
);

browserTest("one file has the captures too, and the same ladder", () => {
  let file: string;
  return inView(
    `${VIEW}?show=ladder&filter=udp+port+${PORT}+and+node+a+and+host+198.18.0.4`,
    ladderIn,
    async ({ root }) => {
      file = `${root}/out.html`;
      await Deno.writeTextFile(file, await staticPage(root));
      return `file://${file}`;
    },
  );
});

Deno.test("of captures that would be too large, one file has the smallest, and says what it left out", async () => {
  const { root } = await recorded();
  const html = await staticPage(root, 3_000);
  const data = /id="netyard-data" type="text\/plain">([^<]*)</.exec(html)![1];
  const stream = new Blob([Uint8Array.fromBase64(data)]).stream()
    .pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const length = new DataView(bytes.buffer).getUint32(0);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const captures: { size: number; length: number }[] = head.files.filter((
    { path }: { path: string },
  ) => path.startsWith("captures/"));
  const total = captures.reduce((sum, { length }) => sum + length, 0);
  assert(total > 0 && total <= 3_000, String(total));
  assert(captures.every(({ size, length }) => length === size || length === 0));
  const without = captures.filter(({ length }) => length === 0).length;
  assertGreater(without, 0);
  assertStringIncludes(head.answer.problems.join(), `${without} captures are not in this page`);
});

browserTest(
  "where the page knows no protocol, tshark's fields are shown, or why there are none",
  () =>
    inView(`${VIEW}?filter=udp+port+${PORT}+and+node+b`, async (page) => {
      await page.locator("[data-packet]").first().click();
      await page.locator("text=Read more with tshark").click();
      if (!findProgram("tshark")) {
        await until(page, `document.body.innerText.includes("tshark is not installed")`);
        return;
      }
      await until(page, `document.body.innerText.includes("These fields are tshark's")`);
      await page.locator("[data-field='User Datagram Protocol']").click();
      const fields = await page.locator(".fields").innerText();
      assertStringIncludes(fields, "Internet Protocol Version 4");
      await page.locator("[data-field='User Datagram Protocol/Source Port']").click();
      assertEquals(await page.locator(".hex").getAttribute("data-marked"), "34-36");
    }),
);

browserTest("the list grows while a lab runs, and the selection stays", async () => {
  const root = await Deno.makeTempDir({ prefix: "netyard-live-" });
  try {
    await using server = serveRuns({ root, bind: "127.0.0.1:0" });
    await using lab = await Lab.create({
      label: "live",
      outDir: { exact: `${root}/live` },
      record: "full",
    });
    const home = await lab.addRouter("home", { preset: "home" });
    const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } });
    await using opened = await openPage(`${server.url}#/run/live/packets?filter=icmp`);
    const { page, faults } = opened;
    const gateway = home.downstreamGateway!;
    await laptop.$`ping -c 1 -w 20 ${gateway}`.quiet();
    await page.waitForSelector("[data-packet]");
    await page.locator("[data-packet]").first().click();
    const selected = () => page.locator("[aria-selected=true][data-packet]").innerText();
    const [first, before] = [await selected(), await counted(page)];
    await laptop.$`ping -c 3 -i 0.1 -w 20 ${gateway}`.quiet();
    await until(
      page,
      `Number(document.querySelector("[data-count]").dataset.count) >= ${before + 6}`,
    );
    assertEquals(await selected(), first);
    await lab.close();
    await page.waitForSelector(".crumb [data-status=closed]");
    assertEquals(await selected(), first);
    assertEquals(faults, []);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
