import { assertEquals } from "@std/assert";
import { scene } from "./scene.ts";
import { arrivals, Udp } from "./udp.ts";

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
    // Conntrack calls a flow a stream after two seconds with traffic in both directions.
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

Deno.test("a host inside that answers a peer which entered keeps it contacted", async () => {
  // laptop - router - IX - dc - server, stranger
  const timeouts = { udpSecs: 3, udpStreamSecs: 3 };
  await scene({ filtering: "address-dependent", timeouts }, async ({ laptop, server }) => {
    await using contacted = await Udp.open(server, 1000);
    await using entered = await Udp.open(server, 2000);
    await using other = await Udp.open(server, 3001);
    await laptop.send("hello", { ip: server.ip!, port: 1000 });
    const { from: mapping } = (await contacted.next())!;
    await entered.send("let me in", mapping);
    assertEquals((await laptop.next())?.text, "let me in");
    for (let i = 0; i < 10; i++) {
      await pause(500);
      await laptop.send("an answer", { ip: server.ip!, port: 2000 });
      assertEquals(await entered.next(), { text: "an answer", from: mapping });
    }
    await other.send("from another port", mapping);
    assertEquals((await laptop.next())?.text, "from another port");
  });
});

Deno.test("a peer that entered and is not answered does not stay contacted", async () => {
  const timeouts = { udpSecs: 2, udpStreamSecs: 2 };
  await scene({ filtering: "address-dependent", timeouts }, async ({ laptop, ...scene }) => {
    const { server, reflector } = scene;
    await using entered = await Udp.open(server, 2000);
    await using other = await Udp.open(server, 3001);
    const mapping = await laptop.seenBy(reflector);
    const texts = [];
    for (let i = 0; i < 8; i++) {
      await entered.send("and again", mapping);
      texts.push((await laptop.next())?.text);
      await pause(400);
    }
    // Its own flow continues, since conntrack knows it; no peer begins another.
    assertEquals(new Set(texts), new Set(["and again"]));
    const late = () => other.send("from another port", mapping);
    assertEquals(await arrivals(laptop, late, () => entered.send("the end", mapping)), ["the end"]);
  });
});
