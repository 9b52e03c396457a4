import { NotFoundError } from "./options/errors.ts";

/** What has a name among others of its kind. */
export function find<T>(kind: string, name: string, among: Map<string, T>): T {
  const found = among.get(name);
  if (found) return found;
  const names = [...among.keys()].join(", ") || "none yet";
  throw new NotFoundError(`there is no ${kind} "${name}" in the lab; there are: ${names}`);
}
