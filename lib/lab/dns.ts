import { parseIp } from "../address/mod.ts";
import { InvalidNameError } from "./options/errors.ts";

// RFC 1123, section 2.1: labels of letters, digits and hyphens; 253 characters in all.
const LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
const HOST_NAME = new RegExp(`^(?=.{1,253}$)${LABEL}(\\.${LABEL})*$`, "i");

/** The key of a name in tables: case does not matter (RFC 4343). */
export const hostKey = (name: string): string => name.toLowerCase();

/** Adds an address to a name, which may have several of a family. */
export function addHostEntry(
  table: Map<string, string[]>,
  what: string,
  name: string,
  ip: string,
): void {
  if (typeof name !== "string" || !HOST_NAME.test(name)) {
    throw new InvalidNameError(
      `${what}: ${
        JSON.stringify(name)
      } is not a host name: use labels of letters, digits and "-", ` +
        'joined by ".", for example "server.test" (RFC 1123)',
    );
  }
  const address = parseIp(ip).toString();
  const key = hostKey(name);
  const known = table.get(key) ?? [];
  if (!known.includes(address)) table.set(key, [...known, address]);
}
