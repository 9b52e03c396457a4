import { assertEquals } from "@std/assert";
import { scene } from "./scene.ts";
import { Udp } from "./udp.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("traffic keeps a mapping alive past its timeout", async () => {
  const timeouts = { udpSecs: 2, udpStreamSecs: 2 };
  const keepsAlive = (filtering: "endpoint-independent" | "address-dependent") =>
    scene({ filtering, timeouts }, async ({ laptop, stranger, server, reflector }) => {
      const mapping = await laptop.seenBy(reflector);
      for (let i = 0; i < 8; i++) {
        await pause(400);
        await laptop.send("?", reflector.address);
      }
      await using otherPort = await Udp.open(server, 5001);
      await stranger.send("a stranger", mapping);
      await otherPort.send("another port of the server", mapping);
      const texts = [];
      for (let text; (text = (await laptop.next(200))?.text);) texts.push(text);
      const answers = texts.filter((text) => text === `${mapping.ip}:${mapping.port}`);
      assertEquals(answers.length, 8);
      assertEquals(texts.filter((text) => !answers.includes(text)), [
        ...filtering === "endpoint-independent" ? ["a stranger"] : [],
        "another port of the server",
      ]);
    });
  await Promise.all([keepsAlive("endpoint-independent"), keepsAlive("address-dependent")]);
});

Deno.test("a mapping lasts as long as the longest of its flows, not the latest", async () => {
  const timeouts = { udpSecs: 1, udpStreamSecs: 60 };
  await scene({ filtering: "endpoint-independent", timeouts }, async (scene) => {
    const { laptop, stranger, reflector } = scene;
    const mapping = await laptop.seenBy(reflector);
    // Conntrack calls it a stream after two seconds of exchange.
    for (let i = 0; i < 6; i++) {
      await pause(500);
      assertEquals(await laptop.seenBy(reflector), mapping);
    }
    await laptop.send("to nobody", { ip: scene.server.ip!, port: 9 });
    await pause(1500);
    await stranger.send("still in", mapping);
    assertEquals((await laptop.next())?.text, "still in");
  });
});
