// The program under test of examples/under_test.ts: a TCP server that answers what it is sent with
// the same text and the address of the caller. It knows nothing of labs:
//
// deno run --allow-net examples/lib/echo_server.ts 7007

/** Listens from when it returns on. */
export default function serve(port: number): void {
  const listener = Deno.listen({ port });
  (async () => {
    for await (const connection of listener) answer(connection).catch(() => {}); // A caller that is gone.
  })();
}

async function answer(connection: Deno.TcpConn): Promise<void> {
  const { hostname, port } = connection.remoteAddr;
  for await (const text of connection.readable.pipeThrough(new TextDecoderStream())) {
    await connection.write(new TextEncoder().encode(`${hostname}:${port} said ${text}`));
  }
}

if (import.meta.main) serve(Number(Deno.args[0]));
