import { pathExists, readFileText, writeFileText } from "./libc.ts";

// As sysctl(8): a dot in the name of a link is written as a slash.
const fileOf = (name: string) =>
  `/proc/sys/${name.replace(/[./]/g, (sign) => sign === "." ? "/" : ".")}`;

/**
 * Sets a `net.*` sysctl of the network namespace that the calling thread is in (sysctl(8)). For a dot
 * in the name of a link, a slash stands: `net.ipv4.conf.eth0/7.forwarding`.
 */
export function setSysctl(name: string, value: string | number): void {
  writeFileText(fileOf(name), String(value));
}

/** Reads a sysctl, or undefined where this kernel does not have it. */
export function getSysctl(name: string): string | undefined {
  return pathExists(fileOf(name)) ? readFileText(fileOf(name)).trim() : undefined;
}
