// The page of the devtools with 1,000 nodes, 200,000 events and 200,000 packets: how soon it shows something,
// and how long a step of scrolling, of the slider, of the timeline and of the list of packets takes. Measured
// in the browser.
import { serveRuns } from "../../lib/devtools/server/serve.ts";
import { CHROMIUM, openPage } from "../devtools/browser_kit.ts";
import { writeLargeCaptures } from "../devtools/large_packets.ts";
import { writeLargeRun } from "../devtools/large_run.ts";
import { formatTable, median, ms } from "./stats.ts";

const STEPS = 40;
const PACKETS = 200_000;

/** The limits that the page must keep, in milliseconds. */
const FIRST_PICTURE = 2_000;
const STEP = 100;

type Page = Awaited<ReturnType<typeof openPage>>["page"];

/** `deno task bench devtools`. */
export async function benchDevtools(): Promise<void> {
  if (!CHROMIUM) return console.log("devtools: there is no chromium");
  const directory = await Deno.makeTempDir({ prefix: "netyard-bench-" });
  try {
    const { nodes, events } = await writeLargeRun(`${directory}/large`);
    await writeLargeCaptures(`${directory}/packets`, PACKETS);
    await using server = serveRuns({ root: directory, bind: "127.0.0.1:0" });
    await using opened = await openPage("about:blank");
    const { page } = opened;
    const rows = [[
      `devtools: ${nodes} nodes, ${events} events`,
      "median ms",
      "95 %",
      "worst",
      "limit",
    ]];
    const add = (name: string, values: number[], limit: number) =>
      rows.push([
        name,
        ...[median(values), most(values, 0.95), Math.max(...values)].map(ms),
        String(limit),
      ]);

    const first: number[] = [];
    const complete: number[] = [];
    for (let i = 0; i < 3; i++) {
      await page.goto("about:blank");
      await page.goto(`${server.url}#/run/large/topology`);
      first.push(await sinceStart(page, "document.querySelectorAll('[data-node]').length > 500"));
      await page.goto("about:blank");
      await page.goto(`${server.url}#/run/large/events`);
      const all = `document.querySelector('[data-count]')?.dataset.count === '${events}'`;
      complete.push(await sinceStart(page, all));
    }
    add("first picture: topology", first, FIRST_PICTURE);
    add("all events listed", complete, FIRST_PICTURE);

    add(
      "scroll a step of events",
      await steps(page, "document.querySelector('[role=grid]').scrollTop += 7_777"),
      STEP,
    );
    await page.goto(`${server.url}#/run/large/topology`);
    await page.waitForSelector("[data-node]");
    const slide = `
      const track = document.querySelector("[role=slider]");
      const { left, width, top } = track.getBoundingClientRect();
      const x = left + width * (0.1 + 0.8 * ((step * 17) % 40) / 40);
      const init = { clientX: x, clientY: top + 5, pointerId: 1, bubbles: true, buttons: 1 };
      track.setPointerCapture = () => {};
      track.dispatchEvent(new PointerEvent(step === 0 ? "pointerdown" : "pointermove", init));`;
    add("move the slider of the topology", await steps(page, slide), STEP);
    const wheel = `
      document.querySelector(".graph").dispatchEvent(new WheelEvent("wheel", {
        deltaY: step % 20 < 10 ? -120 : 120, clientX: 600, clientY: 400, bubbles: true,
        cancelable: true,
      }));`;
    add("zoom the topology", await steps(page, wheel), STEP);
    await page.goto(`${server.url}#/run/large/timeline`);
    await page.waitForSelector("[data-lane]");
    add(
      "scroll a step of the timeline",
      await steps(page, "document.querySelector('[role=grid]').scrollTop += 520"),
      STEP,
    );
    const zoom = `dispatchEvent(new KeyboardEvent("keydown", { key: step % 20 < 10 ? "+" : "-" }))`;
    add("zoom the timeline", await steps(page, zoom), STEP);
    await benchPackets(page, server.url, add);
    console.log(formatTable(rows));
    if (opened.faults.length > 0) throw new Error(opened.faults.join("\n"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** The packets view: the list, steps in it while it is decoded and after, a filter, and the ladder. */
async function benchPackets(
  page: Page,
  url: string,
  add: (name: string, values: number[], limit: number) => void,
): Promise<void> {
  const first: number[] = [];
  const listed: number[] = [];
  let early: number[] = [];
  const scroll = "document.querySelector('[role=grid]').scrollTop += 7_777";
  const hasRows = "document.querySelectorAll('[data-packet]').length > 10";
  const isDone = `Number(document.querySelector('[data-all]')?.dataset.all) >= ${PACKETS} &&
    !document.querySelector('[data-all]').innerText.includes('so far')`;
  for (let i = 0; i < 3; i++) {
    await page.goto("about:blank");
    await page.goto(`${url}#/run/packets/packets`);
    first.push(await sinceStart(page, hasRows));
    early = await steps(page, scroll);
    listed.push(await sinceStart(page, isDone));
  }
  add("first packets listed", first, FIRST_PICTURE);
  add("scroll while packets are decoded", early, STEP);
  add("all packets decoded, after scrolling", listed, 10_000);
  add("scroll a step of packets", await steps(page, scroll), STEP);
  const down = `dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown" }))`;
  add("next packet, with its fields", await steps(page, down), STEP);
  const filter = `
    const field = document.querySelector("[data-search]");
    field.value = "udp and node home" + " ".repeat(step);
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));`;
  add("a frame while a filter works", await steps(page, filter), STEP);
  await page.goto("about:blank");
  await page.goto(`${url}#/run/packets/packets?filter=udp`);
  await sinceStart(page, isDone);
  const ladder: number[] = [];
  for (let i = 0; i < 3; i++) {
    await page.locator("[data-packet]").nth(5 + 4 * i).click();
    ladder.push(
      await page.evaluate(`new Promise((done) => {
        const start = performance.now();
        dispatchEvent(new KeyboardEvent("keydown", { key: "l" }));
        const look = () => document.querySelector("[data-dot]")
          ? done(performance.now() - start)
          : requestAnimationFrame(look);
        look();
      })`) as number,
    );
    await page.keyboard.press("l");
    await page.waitForSelector("[data-packet]");
  }
  add("ladder of a conversation", ladder, FIRST_PICTURE);
}

/** The value that a share of all values does not exceed. */
function most(values: number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1];
}

/** Milliseconds from the start of the navigation until a condition is true and drawn. */
async function sinceStart(page: Page, condition: string): Promise<number> {
  return await page.evaluate(`new Promise((done) => {
    const look = () => {
      if (${condition}) requestAnimationFrame(() => setTimeout(() => done(performance.now())));
      else requestAnimationFrame(look);
    };
    look();
  })`) as number;
}

/** Does something many times, and returns how long each took until it was drawn. */
async function steps(page: Page, act: string): Promise<number[]> {
  return await page.evaluate(`(async () => {
    const times = [];
    for (let step = 0; step < ${STEPS}; step++) {
      await new Promise((done) => requestAnimationFrame(done));
      const start = performance.now();
      ${act};
      // Changes are drawn in the next frame; after the one after it, they are on the screen.
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      times.push(performance.now() - start);
    }
    return times;
  })()`) as number[];
}
