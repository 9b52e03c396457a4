/**
 * A program under test: a UDP echo server, and a client that prints how long the replies took.
 *
 *   echo.ts serve --greeting FILE
 *   echo.ts ask --count N --name NAME ADDRESS:PORT
 */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    greeting: { type: "string" },
    count: { type: "string", default: "10" },
    name: { type: "string", default: "somebody" },
  },
});

const ANSWER_MS = 1_000;

async function bound(): Promise<Socket> {
  const socket = createSocket("udp4").bind(0);
  await once(socket, "listening");
  return socket;
}

async function serve(greeting: string): Promise<void> {
  const socket = await bound();
  socket.on("message", (message, { address, port }) => {
    socket.send(message.toString() + greeting, port, address);
  });
  console.log(`listening on port ${socket.address().port}`);
}

async function ask(server: string, name: string, count: number): Promise<void> {
  const [address, port] = server.split(":");
  const socket = await bound();
  const took: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    socket.send(`${name} ${i}: `, Number(port), address);
    try {
      const [answer] = await once(socket, "message", { signal: AbortSignal.timeout(ANSWER_MS) });
      took.push(performance.now() - start);
      console.log(JSON.stringify({ kind: "answer", text: String(answer) }));
    } catch {
      console.log(JSON.stringify({ kind: "lost", number: i }));
    }
  }
  took.sort((a, b) => a - b);
  const median_ms = took[Math.floor(took.length / 2)];
  console.log(JSON.stringify({ kind: "summary", lost: count - took.length, median_ms }));
  socket.close();
}

const [mode, address] = positionals;
if (mode === "serve") await serve(await Deno.readTextFile(values.greeting!));
else await ask(address, values.name, Number(values.count));
