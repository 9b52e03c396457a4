import { NetyardError } from "../../../native/error.ts";

/** An IP address and a port. */
export interface SocketAddress {
  /** IPv4 or IPv6. */
  ip: string;
  /** 0 to 65535. */
  port: number;
}

/** `1.2.3.4:5` or `[2001:db8::1]:5`. */
export function formatSocketAddress({ ip, port }: SocketAddress): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** Reads what {@link formatSocketAddress} wrote. */
export function parseSocketAddress(text: string): SocketAddress {
  const match = /^\[?([0-9a-fA-F.:]+?)\]?:(\d+)$/.exec(text.trim());
  if (!match) throw new NetyardError(`"${text}" is not ip:port, as a reflector answers`);
  return { ip: match[1], port: Number(match[2]) };
}
