/**
 * A program under test: asks an echo server by UDP, and says how long the answers took.
 *
 *   echo.ts serve --greeting FILE
 *   echo.ts ask --count N --name NAME ADDRESS:PORT
 */
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
const encoder = new TextEncoder();

async function serve(greeting: string): Promise<void> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 0 });
  console.log(`listening on port ${(socket.addr as Deno.NetAddr).port}`);
  for await (const [message, sender] of socket) {
    await socket.send(new Uint8Array([...message, ...encoder.encode(greeting)]), sender);
  }
}

async function ask(address: string, name: string, count: number): Promise<void> {
  const [hostname, port] = address.split(":");
  const server: Deno.NetAddr = { transport: "udp", hostname, port: Number(port) };
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 0 });
  const took: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await socket.send(encoder.encode(`${name} ${i}: `), server);
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, ANSWER_MS));
    const answer = await Promise.race([socket.receive(), late]);
    if (answer === undefined) continue;
    took.push(performance.now() - start);
    console.log(JSON.stringify({ kind: "answer", text: new TextDecoder().decode(answer[0]) }));
  }
  took.sort((a, b) => a - b);
  const median_ms = took[Math.floor(took.length / 2)];
  console.log(JSON.stringify({ kind: "summary", lost: count - took.length, median_ms }));
  Deno.exit(0); // A timer, or the read of an answer that never came, may still wait.
}

const [mode, address] = positionals;
if (mode === "serve") await serve(await Deno.readTextFile(values.greeting!));
else await ask(address, values.name, Number(values.count));
