import { parseIp } from "../address/mod.ts";
import { InvalidNameError } from "./options/errors.ts";

// Labels of letters, digits and hyphens (RFC 1123, section 2.1), and those of services with "_"
// (RFC 2782, RFC 8552); 253 characters in all. A dot at the end makes the name absolute.
const LABEL = "[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?";
const HOST_NAME = new RegExp(`^(?=.{1,253}\\.?$)${LABEL}(\\.${LABEL})*\\.?$`, "i");

/** The key of a name in tables: neither case (RFC 4343) nor the dot of an absolute name matters. */
export const hostKey = (name: string): string => name.toLowerCase().replace(/\.$/, "");

/** Throws if a name cannot have an entry. */
function checkHostName(what: string, name: unknown): asserts name is string {
  const shown = JSON.stringify(name);
  if (typeof name !== "string" || !HOST_NAME.test(name)) {
    throw new InvalidNameError(
      `${what}: ${shown} is not a host name: use labels of letters, digits, "-" and "_", joined by ` +
        '".", for example "server.test" (RFC 1123, RFC 8552)',
    );
  }
  const key = hostKey(name);
  // Resolvers read "1.2.3.4", and all that ends in a number, as an address.
  if (/(^|\.)\d+$/.test(key)) {
    throw new InvalidNameError(
      `${what}: ${shown} ends in a number, so that programs take it for an address and ask no DNS; ` +
        'use a name, for example "server.test" (RFC 1123, section 2.1)',
    );
  }
  if (/(^|\.)localhost$/.test(key)) {
    throw new InvalidNameError(
      `${what}: ${shown} is the node itself in every node (RFC 6761, section 6.3); take another name`,
    );
  }
}

/** Adds an address to a name, which may have several of a family. */
export function addHostEntry(
  table: Map<string, string[]>,
  what: string,
  name: string,
  ip: string,
): void {
  checkHostName(what, name);
  const address = parseIp(ip).toString();
  const key = hostKey(name);
  const known = table.get(key) ?? [];
  if (!known.includes(address)) table.set(key, [...known, address]);
}
