import { pathExists, readFileText, writeFileText } from "./libc.ts";

const fileOf = (name: string) => `/proc/sys/${name.replaceAll(".", "/")}`;

/** Sets a `net.*` sysctl of the network namespace that the calling thread is in (sysctl(8)). */
export function setSysctl(name: string, value: string | number): void {
  writeFileText(fileOf(name), String(value));
}

/** Reads a sysctl, or undefined where this kernel does not have it. */
export function getSysctl(name: string): string | undefined {
  return pathExists(fileOf(name)) ? readFileText(fileOf(name)).trim() : undefined;
}
