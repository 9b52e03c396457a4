// Captures that are damaged or hostile, and what the server sends of them.
import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { staticPage } from "../../lib/devtools/server/static_page.ts";
import { dissect } from "../../lib/devtools/server/tshark.ts";
import { writePcapng } from "../../lib/packets/mod.ts";
import { findProgram } from "../../native/process/process.ts";
import { browserTest, openPage, until } from "./browser_kit.ts";
import { capturesOf, START, thereOf, udp } from "./packet_kit.ts";
import { emptyLab, served, write } from "./server_kit.ts";

const MARKUP = '"><img/src=x onerror=window.hacked=1><b>\u202e';

/** Writes a run with captures; returns its directory. */
async function runWith(
  root: string,
  captures: Record<string, Uint8Array>,
): Promise<string> {
  await write(root, { "evil/events.jsonl": emptyLab("evil") });
  const directory = `${root}/evil`;
  await Deno.mkdir(`${directory}/captures`);
  for (const [path, bytes] of Object.entries(captures)) {
    await Deno.writeFile(`${directory}/${path}`, bytes);
  }
  return directory;
}

const GOOD = capturesOf(thereOf(0, "hello"));

/** A file of so many bytes, of which none is on the disk. */
async function sparse(path: string, bytes: number, begin = new Uint8Array()): Promise<void> {
  await Deno.writeFile(path, begin);
  await Deno.truncate(path, bytes);
}

Deno.test("captures are sent, and nothing that a link, another name or another folder would add", async () => {
  await using all = await served(async (root) => {
    const directory = await runWith(root, GOOD);
    await Deno.symlink("/etc/hostname", `${directory}/captures/linked-eth0.pcapng`);
    await Deno.writeTextFile(`${directory}/captures/keys.log`, "CLIENT_RANDOM 00 00\n");
    await Deno.writeTextFile(`${directory}/captures/.hidden.pcapng`, "x");
    await Deno.writeTextFile(`${directory}/captures/a-eth0~older.pcapng`, "x");
    await new Deno.Command("mkfifo", { args: [`${directory}/captures/pipe-eth0.pcapng`] }).output();
    await write(root, { "other/events.jsonl": emptyLab("other") });
    await Deno.symlink(`${directory}/captures`, `${root}/other/captures`);
  });
  const { files } = JSON.parse((await all.get("/api/files?run=evil")).text);
  assertEquals(
    files.map(({ path }: { path: string }) => path).filter((path: string) =>
      path.startsWith("captures/")
    ),
    [
      "captures/a-eth0.pcapng",
      "captures/a-eth0~older.pcapng",
      ...Object.keys(GOOD).sort().slice(1),
    ],
  );
  const status = async (run: string, path: string, api = "file") =>
    (await all.get(`/api/${api}?${new URLSearchParams({ run, path, at: `${START}.000000000` })}`))
      .status;
  assertEquals(await status("evil", "captures/a-eth0.pcapng"), 200);
  for (
    const path of [
      ...["captures/linked-eth0.pcapng", "captures/keys.log", "captures/.hidden.pcapng"],
      ...["captures/pipe-eth0.pcapng", "captures/../events.pcapng", "captures/", "captures"],
      ...["captures/a-eth0.pcapng/", "captures//a-eth0.pcapng", "captures/a\0.pcapng", "a.pcapng"],
    ]
  ) {
    assertEquals(await status("evil", path), 404, path);
  }
  assertEquals(await status("other", "captures/a-eth0.pcapng"), 404);
  assertEquals(JSON.parse((await all.get("/api/files?run=other")).text).files.length, 1);
  for (const path of ["events.jsonl", "captures/keys.log", "../a.pcapng", ""]) {
    assertEquals(await status("evil", path, "tshark"), 404, path);
  }
  for (const at of ["", "1", "1.5", "-1.000000000", "1.000000000 -w x", "9".repeat(99)]) {
    const search = new URLSearchParams({ run: "evil", path: "captures/a-eth0.pcapng", at });
    assertEquals((await all.get(`/api/tshark?${search}`)).status, 404, at);
  }
});

Deno.test({
  name: "tshark gets one packet, whatever the others and its names are",
  ignore: !findProgram("tshark"),
  fn: async () => {
    const root = await Deno.makeTempDir({ prefix: "netyard-tshark-test-" });
    try {
      const path = "captures/a-eth0.pcapng";
      const directory = await runWith(root, {
        [path]: writePcapng({
          interfaces: [{ name: MARKUP, linkType: 1 }],
          frames: [
            { interface: 0, seconds: START, nanos: 1, data: new Uint8Array(9).fill(255) },
            {
              interface: 0,
              seconds: START,
              nanos: 2,
              data: udp("10.0.0.1:1883", "10.0.0.2:9999", 64, MARKUP),
            },
          ],
        }),
      });
      await Deno.symlink("/etc/hostname", `${directory}/captures/keys.log`);
      const { nodes, problem } = await dissect(directory, { path, seconds: START, nanos: 2 });
      assertEquals(problem, null);
      assertEquals(nodes.map(({ label }) => label).slice(0, 3), [
        "Ethernet II",
        "Internet Protocol Version 4",
        "User Datagram Protocol",
      ]);
      assertStringIncludes(JSON.stringify(nodes), "9999");
      const short = await dissect(directory, { path, seconds: START, nanos: 1 });
      assertGreater(short.nodes.length, 0);
      const none = await dissect(directory, { path, seconds: START, nanos: 3 });
      assertEquals(none.problem, "the packet is not in its capture any more");
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  },
});

browserTest("damaged, hostile and huge captures are shown as what they are", async () => {
  const hostile = udp("10.0.0.1:80", "10.0.0.2:80", 64, MARKUP);
  const good = GOOD["captures/a-eth0.pcapng"];
  await using all = await served(async (root) => {
    const directory = await runWith(root, {
      "captures/a-eth0.pcapng": good,
      "captures/cut-eth0.pcapng": GOOD["captures/nat-a-lan.pcapng"].subarray(0, -7),
      "captures/text-eth0.pcapng": new TextEncoder().encode("hello, this is no capture"),
      "captures/evil-eth0.pcapng": writePcapng({
        interfaces: [{ name: `${MARKUP.replaceAll(" ", "/")} __proto__`, linkType: 1 }],
        frames: [
          { interface: 0, seconds: START, nanos: 5, data: hostile, comment: MARKUP },
          { interface: 0, seconds: 0, nanos: 0, data: new Uint8Array() },
          { interface: 0, seconds: 2 ** 33, nanos: 0, data: new Uint8Array(70).fill(0x45) },
        ],
      }),
    });
    await sparse(`${directory}/captures/huge-eth0.pcapng`, 20e9, good);
    await sparse(`${directory}/captures/zeros-eth0.pcapng`, 20e9);
    await Deno.symlink("/etc/hostname", `${directory}/captures/linked-eth0.pcapng`);
  });
  await using opened = await openPage(`${all.server.url}#/run/evil/packets`);
  const { page, faults } = opened;
  // Two of the good capture and of the damaged one's begin, three hostile ones.
  const shown = `document.querySelector("[data-count]")?.dataset.count`;
  await until(page, `document.querySelector("[role=status]")?.innerText.includes("damaged")`);
  await until(page, `!document.querySelector("[data-count]").innerText.includes("so far")`);
  const count = Number(await page.evaluate(shown));
  assertEquals(count, 1 + 1 + 3);
  const title = (await page.locator(".notice[role=status]").getAttribute("title"))!;
  const damaged = title.split("\n").map((line) => line.split(":")[0]).sort();
  assertEquals(damaged, ["huge", "text", "zeros"].map((name) => `captures/${name}-eth0.pcapng`));
  await page.locator("[data-packet*='img']").nth(1).click();
  await page.waitForSelector("[aria-label=Packet]");
  assertStringIncludes(
    await page.locator("[aria-label=Packet]").innerText(),
    "onerror=window.hacked",
  );
  await page.keyboard.press("l");
  await page.waitForSelector("[data-dot]");
  assertEquals(await page.locator("img").count(), 0);
  assertEquals(await page.evaluate("window.hacked"), undefined);
  await page.goto(
    `${all.server.url}#/run/evil/packets?packet=__proto__@1.000000000~9&t=x&show=ladder`,
  );
  await page.waitForSelector("[data-dot]");
  assertEquals(faults, []);

  const html = await staticPage(all.root);
  assert(html.length < 2_000_000, `${html.length} characters`);
});
