/** What the tests of NAT64 share. */
import { type Device, embedV4InNat64, type Lab, type Node, type Router } from "@netyard/netyard";

/** A server that has IPv4 alone, and how it is reached through NAT64. */
export interface FourServer {
  server: Device;
  ip: string;
  /** Its address in 64:ff9b::/96. */
  embedded: string;
}

/** ix -- four(server), which is v4-only. */
export async function fourServer(lab: Lab, name = "server", four?: Router): Promise<FourServer> {
  const gateway = four ?? await lab.addRouter(`${name}-dc`, { preset: "public-v4" });
  const server = await lab.addDevice(name, { interfaces: { eth0: { gateway } } });
  return { server, ip: server.ip!, embedded: embedV4InNat64(server.ip!) };
}

/** A device with one interface. */
export function attached(lab: Lab, name: string, gateway: Router, more = {}): Promise<Device> {
  return lab.addDevice(name, { interfaces: { eth0: { gateway } }, ...more });
}

/** What a program said, on both outputs, and whether it was content. */
export async function said(node: Node, program: string, ...args: string[]) {
  const { success, stdout, stderr } = await node.command(program, { args }).output();
  const decoder = new TextDecoder();
  return { success, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

/** Serves one page by HTTP, and says in it who asks. */
export function page(node: Node, hostname: string, port = 0) {
  const listener = node.runSync(() => Deno.listen({ hostname, port }));
  const serving = (async () => {
    for await (const connection of listener) {
      const { hostname } = connection.remoteAddr as Deno.NetAddr;
      try {
        await connection.read(new Uint8Array(4096));
        const head = `HTTP/1.1 200 OK\r\ncontent-length: ${hostname.length}\r\n\r\n`;
        await connection.write(new TextEncoder().encode(head + hostname));
        await connection.closeWrite();
        while (await connection.read(new Uint8Array(4096)) !== null);
      } catch {
        // The client is gone.
      }
      connection.close();
    }
  })().catch(() => {});
  return {
    port: (listener.addr as Deno.NetAddr).port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving;
    },
  };
}
