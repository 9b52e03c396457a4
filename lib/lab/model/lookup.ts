import { NodeRemovedError } from "../../node/process/errors.ts";
import { NotFoundError, TopologyError } from "../options/errors.ts";
import type { RouterReference } from "../options/options.ts";
import { bridgeHandles, handles } from "./handles.ts";
import type { LabCore } from "./lab.ts";
import type { NodeRecord, RouterRecord, Segment } from "./records.ts";

/**
 * Finds the record that a name or a handle means. A handle may be of another lab, or of a node that
 * was removed: both are refused. `what` begins the message.
 */

/** Finds a node of any kind. */
export function findNode(core: LabCore, what: string, handle: object | string): NodeRecord {
  const record = typeof handle === "string" ? nodeNamed(core, what, handle) : handles.get(handle);
  if (record?.removed) {
    throw new NodeRemovedError(`${what}: node "${record.name}" was removed`);
  }
  for (const node of core.allNodes()) if (node === record) return record;
  throw new TopologyError(`${what}: this is no node of this lab; pass a handle that it returned`);
}

function nodeNamed(core: LabCore, what: string, name: string): NodeRecord {
  for (const node of core.allNodes()) if (node.name === name) return node;
  const known = [...core.allNodes()].map((node) => node.name).join(", ");
  throw new NotFoundError(`${what}: there is no node "${name}"; there are: ${known}`);
}

/** Finds a router. */
export function findRouter(
  core: LabCore,
  what: string,
  reference: RouterReference | string,
): RouterRecord {
  if (typeof reference !== "string") return ownRouter(core, what, reference);
  const record = core.routers.get(reference);
  if (record && !record.removed && !record.pending) return record;
  const ready = [...core.routers.values()].filter(({ pending }) => !pending);
  const known = ready.map(({ name }) => name).join(", ") || "none yet";
  throw new NotFoundError(`${what}: there is no router "${reference}"; there are: ${known}`);
}

function ownRouter(core: LabCore, what: string, reference: RouterReference): RouterRecord {
  const record = handles.get(reference);
  const name = record?.name ?? JSON.stringify(reference.name);
  if (record?.kind !== "router") {
    throw new TopologyError(
      `${what}: ${record ? `"${name}"` : name} is no router: ` +
        "pass what this lab's addRouter() returned, or its name",
    );
  }
  if (record.removed) throw new NodeRemovedError(`${what}: router "${name}" was removed`);
  if (core.routers.get(name) !== record) {
    throw new TopologyError(
      `${what}: router "${name}" is of another lab; pass what this lab's addRouter() returned`,
    );
  }
  return record;
}

/** Finds what an interface can be attached to: the LAN of a router, or a bridge. */
export function findLan(
  core: LabCore,
  what: string,
  reference: RouterReference | string,
): Segment {
  const segment = typeof reference === "string"
    ? core.bridges.get(reference)?.segment
    : bridgeHandles.get(reference);
  if (!segment && typeof reference === "string" && !core.routers.has(reference)) {
    const known = [...core.routers.keys(), ...core.bridges.keys()].join(", ") || "none yet";
    throw new NotFoundError(
      `${what}: there is no router or bridge "${reference}"; there are: ${known}`,
    );
  }
  if (!segment) return findRouter(core, what, reference).lan;
  const { name, owner } = segment;
  if (owner.removed) throw new NodeRemovedError(`${what}: "${name}" was removed`);
  for (const node of core.allNodes()) if (node === owner) return segment;
  throw new TopologyError(
    `${what}: bridge "${name}" is of another lab; pass what this lab's bridge() returned`,
  );
}
