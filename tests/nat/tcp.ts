import type { Device, SocketAddress } from "@netyard/netyard";

/**
 * Connects from one local port to several reflectors and keeps the connections
 * open until all of them answered; resolves with what each saw.
 */
export function tcpSeenBy(
  device: Device,
  port: number,
  targets: SocketAddress[],
): Promise<string[]> {
  // The thread of the device, since node:net binds and connects later than the call.
  return device.run(
    async (port, targets) => {
      const net = await import("node:net");
      const sockets: { destroy(): void }[] = [];
      try {
        return await Promise.all(targets.map((target) => {
          const socket = net.connect({ host: target.ip, port: target.port, localPort: port });
          sockets.push(socket);
          return new Promise<string>((resolve, reject) => {
            socket.once("data", (data) => resolve(data.toString()));
            socket.once("error", reject);
            socket.once("close", () => reject(new Error(`${target.ip} closed without an answer`)));
          });
        }));
      } finally {
        for (const socket of sockets) socket.destroy();
      }
    },
    port,
    targets,
  );
}

/** What comes of a TCP connection within the time. */
export function tcpReaches(
  device: Device,
  target: SocketAddress,
  timeoutMs = 3000,
): Promise<"open" | "refused" | "no answer"> {
  return device.run(
    async ({ ip, port }, timeoutMs) => {
      const net = await import("node:net");
      const socket = net.connect({ host: ip, port });
      const { promise, resolve } = Promise.withResolvers<"open" | "refused" | "no answer">();
      socket.once("connect", () => resolve("open"));
      socket.once("error", () => resolve("refused"));
      const timer = setTimeout(() => resolve("no answer"), timeoutMs);
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        socket.destroy();
      }
    },
    target,
    timeoutMs,
  );
}

/**
 * TCP hole punching (RFC 5128, section 3.4): both sides connect to each other's
 * mapping from the port that has it, so that each SYN opens the way for the
 * other's. Resolves with the peer of each side; undefined without a connection.
 */
export function tcpPunch(
  sides: [device: Device, port: number, other: SocketAddress][],
  timeoutMs = 8000,
): Promise<(SocketAddress | undefined)[]> {
  return Promise.all(sides.map(([device, port, other]) =>
    device.run(
      async (port, { ip, port: remotePort }, timeoutMs) => {
        const net = await import("node:net");
        const socket = net.connect({ host: ip, port: remotePort, localPort: port });
        const { promise, resolve } = Promise.withResolvers<boolean>();
        const timer = setTimeout(() => resolve(false), timeoutMs);
        socket.once("error", () => resolve(false));
        // Connected is he who heard the other, and not only the router before it.
        socket.once("data", () => resolve(true));
        socket.write("hello");
        const heard = await promise;
        clearTimeout(timer);
        const from = { ip: socket.remoteAddress!, port: socket.remotePort! };
        socket.end();
        return heard ? from : undefined;
      },
      port,
      other,
      timeoutMs,
    )
  ));
}
