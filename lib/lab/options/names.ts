import { DuplicateNameError, InvalidNameError } from "./errors.ts";

const NODE_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
// IFNAMSIZ is 16 with the NUL; `:` and `/` mean something to ip(8) and /proc/sys.
const INTERFACE_NAME = /^[a-zA-Z][a-zA-Z0-9_.-]{0,14}$/;

/** `lo` exists, and the other two are directories among the kernel's sysctls of links. */
export const RESERVED_LINK_NAMES: readonly string[] = ["lo", "all", "default"];

/** The names of regions' nodes begin with this. */
export const REGION_PREFIX = "region-";

/** Checks the name of a node or region against the rule for names and the names that are taken. */
export function checkNodeName(
  what: string,
  name: unknown,
  taken: (name: string) => boolean,
  kind: "node" | "region" = "node",
): asserts name is string {
  if (typeof name !== "string" || !NODE_NAME.test(name)) {
    throw new InvalidNameError(
      `${what}: ${JSON.stringify(name)} is not a name: use 1 to 32 of a-z, 0-9 and "-", ` +
        "beginning with a letter or a digit",
    );
  }
  if (name === "ix") {
    throw new DuplicateNameError(`${what}: "ix" is the IX that every lab has; take another`);
  }
  if (name.startsWith(REGION_PREFIX)) {
    throw new InvalidNameError(
      `${what}: "${name}" begins with "${REGION_PREFIX}", which is for the nodes of regions; ` +
        "take another",
    );
  }
  if (taken(name)) {
    throw new DuplicateNameError(
      `${what}: the lab already has a ${kind} "${name}"; names are unique in a lab`,
    );
  }
}

/** Checks the name of an interface. */
export function checkInterfaceName(what: string, name: unknown): void {
  if (typeof name !== "string" || !INTERFACE_NAME.test(name)) {
    throw new InvalidNameError(
      `${what}: ${JSON.stringify(name)} is not an interface name: use 1 to 15 of a-z, A-Z, 0-9, ` +
        '"_", "." and "-", beginning with a letter',
    );
  }
  if (RESERVED_LINK_NAMES.includes(name)) {
    throw new InvalidNameError(
      `${what}: Linux reserves the interface name "${name}"; take another, for example "eth0"`,
    );
  }
}

/** Returns a name for a link: `wanted`, cut to the 15 characters of Linux, with a number if it is taken. */
export function linkName(wanted: string, taken: (name: string) => boolean): string {
  const base = wanted.slice(0, 15);
  if (!taken(base)) return base;
  for (let n = 2;; n++) {
    const suffix = `-${n}`;
    const name = wanted.slice(0, 15 - suffix.length) + suffix;
    if (!taken(name)) return name;
  }
}
