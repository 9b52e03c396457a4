// Each view of a run of a real lab shows what its script did.
import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { Lab } from "@netyard/netyard";
import { waitUntil } from "@netyard/netyard/testing";
import { staticPage } from "../../lib/devtools/server/static_page.ts";
import { serveRuns } from "../../lib/devtools/server/serve.ts";
import { browserTest, openPage, type PageOptions, PATIENCE_MS, until } from "./browser_kit.ts";
import { twoHomes } from "./lab_kit.ts";
import { write } from "./server_kit.ts";

type Page = Awaited<ReturnType<typeof openPage>>["page"];

let built: Promise<string> | undefined;

/** The folder with the run of the lab, and two simulations beside it. */
function runs(): Promise<string> {
  return built ??= (async () => {
    const root = await Deno.makeTempDir({ prefix: "netyard-views-" });
    await using lab = await Lab.create({
      label: "two homes",
      outDir: { exact: `${root}/two-homes` },
    });
    await twoHomes(lab);
    await lab.close();
    await write(root, simulations());
    return root;
  })();
}

Deno.test.afterAll(async () => {
  if (built) await Deno.remove(await built, { recursive: true });
});

/** One command with two simulations, one with a result that failed. */
function simulations(): Record<string, string | object> {
  const events = (label: string) =>
    `${
      JSON.stringify({
        version: 1,
        seq: 0,
        at: "2026-01-02T03:04:05.678Z",
        elapsedMs: 0,
        kind: "lab-created",
        label,
      })
    }\n`;
  const simulation = (name: string, status: string, link: string) => ({
    name,
    file: "sims/rtt.toml",
    variant: { link },
    directory: name,
    status,
    durationMs: 1_500,
  });
  const results = (latency: string) => ({
    steps: [{
      id: "ping",
      duration: null,
      down_bytes: null,
      up_bytes: null,
      latency_ms: latency,
    }],
  });
  return {
    "sim-1/manifest.json": {
      version: 1,
      run: "sim-1",
      command: ["netyard", "run", "sims/rtt.toml"],
      startedAt: "2026-01-02T03:04:05Z",
      durationMs: 3_000,
      status: "failed",
      simulations: [simulation("rtt-lan", "passed", "lan"), simulation("rtt-4g", "failed", "4g")],
      errors: [],
    },
    "sim-1/rtt-lan/events.jsonl": events("rtt-lan"),
    "sim-1/rtt-lan/results.json": results("0.117"),
    "sim-1/rtt-4g/events.jsonl": events("rtt-4g"),
    "sim-1/rtt-4g/results.json": results("51.25"),
  };
}

/** Opens a place of the page, and asserts at the end that nothing went wrong in it. */
async function inPage(
  hash: string,
  act: (page: Page, root: string) => Promise<void>,
  options?: PageOptions,
): Promise<void> {
  const root = await runs();
  await using server = serveRuns({ root, bind: "127.0.0.1:0" });
  await using opened = await openPage(server.url + hash, options);
  await act(opened.page, root);
  assertEquals(opened.faults, []);
  assertEquals(await opened.page.evaluate("window.hacked"), undefined);
}

const RUN = "#/run/two-homes";

/** The texts of all elements. */
const texts = (page: Page, selector: string) => page.locator(selector).allInnerTexts();

/** The moment of an event, by a part of its line. */
async function momentOf(root: string, part: string): Promise<number> {
  const lines = (await Deno.readTextFile(`${root}/two-homes/events.jsonl`)).split("\n");
  return JSON.parse(lines.find((line) => line.includes(part))!).elapsedMs;
}

browserTest(
  "runs are listed by invocation, with a status that is not stuck on running",
  () =>
    inPage("", async (page) => {
      await page.waitForSelector("[data-run]");
      const statuses = async () =>
        Object.fromEntries(
          await page.locator("[data-run]").evaluateAll((all) =>
            all.map((each) => [
              each.getAttribute("data-run"),
              each.querySelector("[data-status]")!.getAttribute("data-status"),
            ])
          ),
        );
      assertEquals(await statuses(), {
        "two-homes": "closed",
        "sim-1/rtt-lan": "passed",
        "sim-1/rtt-4g": "failed",
      });
      const group = page.locator("[data-invocation='sim-1']");
      assertEquals(await group.locator("[data-run]").count(), 2);
      assertStringIncludes(await group.innerText(), "netyard run sims/rtt.toml");

      await page.keyboard.press("/");
      await page.keyboard.type("4g");
      await until(page, "document.querySelectorAll('[data-run]').length === 1");
      await until(page, "location.hash === '#/?q=4g'");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: /^Failed 1/ }).click();
      await until(page, "document.querySelectorAll('[data-run]').length === 1");
      assertEquals(await statuses(), { "sim-1/rtt-4g": "failed" });
    }),
);

browserTest(
  "the topology has all nodes and links, and the slider shows them as they were",
  () =>
    inPage(`${RUN}/topology`, async (page, root) => {
      await page.waitForSelector("[data-node=right]");
      const nodes = async () =>
        (await page.locator("[data-node]").evaluateAll((all) =>
          all.map((each) => `${each.getAttribute("data-kind")} ${each.getAttribute("data-node")}`)
        )).sort();
      assertEquals(await nodes(), [
        ...["device left", "device right", "device server", "ix ix", "region region-eu"],
        ...["region region-us", "router dc", "router home-a", "router home-b"],
      ]);
      const link = (id: string) => page.locator(`[data-link='${id}']`);
      const tone = (id: string) => link(id).getAttribute("data-tone");
      assertStringIncludes(await link("regions eu us").innerHTML(), "20 ms");
      assertEquals(await tone("device left/wlan0"), "impaired");
      assertStringIncludes(await link("device left/wlan0").innerHTML(), "80 ms, loss 1 %");
      assertEquals(await tone("device right/eth0"), "ok");
      assertEquals(await page.locator("[data-fault]").count(), 0);

      // While the fault is active: the address has the moment.
      const fault = await momentOf(root, '"fault-injected"');
      await page.goto(`${page.url().split("#")[0]}${RUN}/topology?t=${fault}&node=right`);
      await page.waitForSelector("[data-link='device right/eth0'][data-tone=down]");
      assertEquals(await texts(page, "[data-fault]"), ["link-down right eth0"]);
      const panel = await page.locator("aside").innerText();
      for (const part of ["link-down", "at home-b", "down", "server.test"]) {
        assertStringIncludes(panel, part);
      }

      // Before the second home was there.
      const home = await momentOf(root, '"name":"home-a"');
      await page.goto(`${page.url().split("#")[0]}${RUN}/topology?t=${home}`);
      await until(page, "!document.querySelector('[data-node=home-b]')");
      assertEquals(await nodes(), [
        ...["ix ix", "region region-eu", "region region-us", "router dc", "router home-a"],
      ]);

      // The keyboard steps from event to event; the pointer goes anywhere.
      await page.keyboard.press("ArrowRight");
      await page.waitForSelector("[data-node=home-b]");
      await page.keyboard.press("ArrowLeft");
      await until(page, "!document.querySelector('[data-node=home-b]')");
      const track = (await page.getByRole("slider").boundingBox())!;
      await page.mouse.move(track.x + 5, track.y + 14);
      await page.mouse.down();
      await page.mouse.move(track.x + track.width - 1, track.y + 14, { steps: 5 });
      await page.mouse.up();
      await page.waitForSelector("[data-node=right]");
      await page.keyboard.press("End");
      await until(page, "!location.hash.includes('t=')");

      // The NAT that was set last, in words.
      await page.locator("[data-node=home-a]").click();
      await page.waitForSelector("aside");
      const words = await page.locator("aside").innerText();
      assertStringIncludes(words, "NAT: cgnat");
      assertStringIncludes(words, "any host may send in through a mapping");
      assertStringIncludes(words, "Inbound: flows that external hosts begin are dropped.");
    }),
);

browserTest(
  "events are listed, filtered, and shown as JSON; digits open the views",
  () =>
    inPage(`${RUN}/events`, async (page) => {
      await page.waitForSelector("[data-event]");
      const shown = () => page.locator("[data-count]").getAttribute("data-count");
      const all = Number(await shown());
      assertGreater(all, 20);
      await page.keyboard.press("/");
      await page.keyboard.type("kind:custom node:left");
      await until(page, "document.querySelector('[data-count]').dataset.count === '4'");
      assertEquals(
        (await texts(page, "[data-event] .cell-text")).map((text) => text.split(" ")[0]),
        [
          "PeerBound",
          "PeerLost",
          "Joined",
          "Left",
        ],
      );
      await until(page, "location.hash.includes('filter=')");
      await page.keyboard.press("Escape");
      await page.getByLabel("Kind").selectOption("fault-injected");
      await until(page, "document.querySelector('[data-count]').dataset.count === '1'");
      await page.locator("[data-event]").first().click();
      await page.waitForSelector("aside .json");
      const json = JSON.parse(await page.locator("aside .json").innerText());
      assertEquals(json.fault, { kind: "link-down", node: "right", interface: "eth0" });
      await page.getByLabel("Kind").selectOption("");
      await page.keyboard.press("Escape");
      await page.locator("h2").first().waitFor({ state: "detached" });
      for (
        const [key, view] of [["1", "topology"], ["2", "timeline"], ["4", "logs"], ["3", "events"]]
      ) {
        await page.keyboard.press(key);
        await until(page, `location.hash.includes('/${view}')`);
      }
      await page.keyboard.press("0");
      await page.waitForSelector("[data-run]");
    }),
);

browserTest(
  "logs are grouped by node; a line has its level, and spans inside each other",
  () =>
    inPage(`${RUN}/logs?node=left&stream=stdout`, async (page) => {
      await page.waitForSelector("[data-line]");
      const logs = await page.locator("[data-log]").evaluateAll((all) =>
        all.map((each) => each.getAttribute("data-log"))
      );
      assert(logs.includes("left/stdout") && logs.includes("left/stderr"), logs.join());
      const line = page.locator("[data-line]", { hasText: "connection lost" });
      assertEquals(await line.locator(".span").allInnerTexts(), [
        "session{id=7}",
        "dial{peer=server}",
      ]);
      assertEquals(await line.locator(".line-level").innerText(), "error");
      assertStringIncludes(await line.innerText(), "attempt=3");
      const plain = page.locator("[data-line]", { hasText: "plain line" });
      assertStringIncludes(await plain.innerText(), "red plain line <b>not bold</b>");

      await page.keyboard.press("/");
      await page.keyboard.type("icmp_seq");
      await page.keyboard.press("Enter");
      await page.waitForSelector("[data-matches='2']");
      const marked = () => page.locator("[data-line][aria-selected=true]").innerText();
      await page.waitForSelector("[data-line][aria-selected=true]");
      assertStringIncludes(await marked(), "icmp_seq=1");
      await page.keyboard.press("Enter");
      await until(
        page,
        "document.querySelector('[data-line][aria-selected=true]').innerText.includes('icmp_seq=2')",
      );
      await page.keyboard.press("Shift+Enter");
      await until(
        page,
        "document.querySelector('[data-line][aria-selected=true]').innerText.includes('icmp_seq=1')",
      );
      assertEquals(await page.locator("[data-line] mark").count(), 2);

      await page.getByLabel("Level").selectOption("error");
      await until(page, "!document.body.innerText.includes('relay is slow')");
      await page.locator("[data-log='left/stderr']").click();
      await until(page, "document.body.innerText.includes('<img src=x onerror')");
    }),
);

browserTest(
  "the timeline has lanes for nodes, faults and conditions, and leads to the log line",
  () =>
    inPage(`${RUN}/timeline`, async (page, root) => {
      await page.waitForSelector("[data-lane]");
      const lanes = await page.locator("[data-lane]").evaluateAll((all) =>
        all.map((each) => each.getAttribute("data-lane"))
      );
      for (const lane of ["Faults", "Custom events", "Conditions", "left", "right", "home-a"]) {
        assert(lanes.includes(lane), `${lane} is not in ${lanes.join()}`);
      }
      const custom = page.locator("[data-lane='Custom events'] [data-item]");
      assertEquals(
        await page.locator("[data-lane=Faults] .bar").count(),
        1,
        "the fault is a bar: it lasted",
      );
      // Zoom in at an event until its name has room, and out again.
      const left = await momentOf(root, '"name":"Left"');
      await page.goto(`${page.url().split("#")[0]}${RUN}/timeline?t=${left}`);
      await page.waitForSelector("[data-lane]");
      await waitUntil(async () => {
        if (await custom.filter({ hasText: "Left" }).count() > 0) return true;
        await page.keyboard.press("+");
      }, { timeoutMs: PATIENCE_MS, what: "Left has room for its name" });
      await page.getByRole("button", { name: "All", exact: true }).click();

      await page.locator("[data-lane=left] .item, [data-lane='Custom events'] .item").first()
        .click();
      await page.waitForSelector("aside");
      await page.goto(`${page.url().split("#")[0]}${RUN}/events?filter=PeerLost%20kind:custom`);
      await page.locator("[data-event]").first().click();
      await page.getByRole("link", { name: "Timeline" }).last().click();
      await page.waitForSelector("[data-lane]");
      await page.getByRole("link", { name: "Log at this moment" }).click();
      await page.waitForSelector("[data-line][aria-selected=true]");
      assertStringIncludes(
        await page.locator("[data-line][aria-selected=true]").innerText(),
        "_events::PeerLost",
      );
      await page.goBack();
      await page.waitForSelector("[data-lane]");
    }),
);

browserTest(
  "results of simulations: a table with latencies, and a chart over the matrix",
  () =>
    inPage("#/invocation/sim-1/results", async (page) => {
      await page.waitForSelector("[data-result='rtt-4g']");
      const cells = (name: string) => texts(page, `[data-result='${name}'] td`);
      await until(page, "document.body.innerText.includes('51.3')");
      assertEquals((await cells("rtt-lan")).slice(0, 5), [
        "rtt-lan",
        "passed",
        "lan",
        "ping",
        "0.117",
      ]);
      assertEquals((await cells("rtt-4g")).slice(0, 5), ["rtt-4g", "failed", "4g", "ping", "51.3"]);
      const heads = await texts(page, "th");
      assertStringIncludes(heads.join(), "Latency ms");
      assertEquals(await page.locator(".chart canvas").count(), 1);
      // A run of the command has the results too, with its own row marked.
      await page.getByRole("link", { name: "rtt-4g" }).click();
      await until(page, "document.title.startsWith('rtt-4g')");
      await page.getByRole("link", { name: "Results" }).click();
      await page.waitForSelector("tr.selected[data-result='rtt-4g']");
    }),
);

browserTest(
  "links are shown beside what was requested",
  () =>
    inPage(`${RUN}/results`, async (page) => {
      await page.waitForSelector("[data-link='left/wlan0 up']");
      const cells = await texts(page, "[data-link='left/wlan0 up'] td");
      const number = (text: string) => Number(text.split(" ")[0]);
      assertEquals([cells[0], cells[1]], ["left wlan0", "up"]);
      assertEquals([number(cells[2]) > 0, number(cells[3]) >= number(cells[2])], [true, true]);
      assertStringIncludes((await texts(page, ".links p")).join(), "requested");
    }),
);

browserTest("the page fits a window of 400 pixels, and a dark one", async () => {
  for (const view of ["topology", "timeline", "events", "logs", "results"]) {
    await inPage(`${RUN}/${view}`, async (page) => {
      await page.waitForSelector(
        "[data-node], [data-lane], [data-event], [data-line], [data-link]",
      );
      const overflow = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth",
      );
      assertEquals(overflow, 0, view);
      assertEquals(await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches"), true);
    }, { width: 400, dark: true });
  }
});

browserTest("a run is one static file that opens without a server", async () => {
  const root = await runs();
  const file = await Deno.makeTempFile({ suffix: ".html" });
  try {
    const html = await staticPage(`${root}/two-homes`);
    await Deno.writeTextFile(file, html);
    await using opened = await openPage(`file://${file}#/run/./topology`);
    const { page, faults } = opened;
    await page.waitForSelector("[data-node=left]");
    await page.keyboard.press("3");
    await page.waitForSelector("[data-event]");
    await page.keyboard.press("4");
    await page.locator("[data-log='left/stdout']").click();
    await until(page, "document.body.innerText.includes('connection lost')");
    await page.keyboard.press("0");
    await page.waitForSelector("[data-run='.'] [data-status=closed]");
    assertEquals(faults, []);
    assertEquals(await page.evaluate("window.hacked"), undefined);
  } finally {
    await Deno.remove(file);
  }
});
