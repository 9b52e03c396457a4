import { pathExists, readFileText, writeFileText } from "./libc.ts";

// As in sysctl(8), a slash in the name is a dot of a link's name.
const fileOf = (name: string) =>
  `/proc/sys/${name.replace(/[./]/g, (sign) => sign === "." ? "/" : ".")}`;

/**
 * Sets a `net.*` sysctl of the network namespace of this thread (sysctl(8)). A dot in the name of a link
 * is written as a slash: `net.ipv4.conf.eth0/7.forwarding`.
 */
export function setSysctl(name: string, value: string | number): void {
  writeFileText(fileOf(name), String(value));
}

/** Reads a sysctl; undefined if this kernel does not have it. */
export function getSysctl(name: string): string | undefined {
  return pathExists(fileOf(name)) ? readFileText(fileOf(name)).trim() : undefined;
}
