import { pathExists, readFileText } from "../../native/libc.ts";

// The second is for systems whose /etc is empty (os-release(5)).
const FILES = ["/etc/os-release", "/usr/lib/os-release"];

/** The text that names this host's distribution; empty where there is none. */
export function readOsRelease(): string {
  const file = FILES.find(pathExists);
  return file ? readFileText(file) : "";
}
