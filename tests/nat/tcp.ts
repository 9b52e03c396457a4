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

/** Whether a TCP connection comes about within the time. */
export async function tcpReaches(
  device: Device,
  target: SocketAddress,
  timeoutMs = 3000,
): Promise<boolean> {
  const hostname = target.ip;
  const attempt = device.run(
    async (hostname, port, timeoutMs) => {
      const net = await import("node:net");
      const socket = net.connect({ host: hostname, port });
      const timer = setTimeout(() => socket.destroy(), timeoutMs);
      return await new Promise<boolean>((resolve) => {
        socket.once("connect", () => resolve(true));
        socket.once("error", () => resolve(false));
        socket.once("close", () => resolve(false));
      }).finally(() => {
        clearTimeout(timer);
        socket.destroy();
      });
    },
    hostname,
    target.port,
    timeoutMs,
  );
  return await attempt;
}
