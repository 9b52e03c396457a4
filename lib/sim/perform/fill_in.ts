import { basename } from "node:path";
import type { Vm } from "../../lab/vm.ts";
import type { Limit } from "../values/limit.ts";
import { addressVariables } from "./nodes.ts";
import { parseTemplate, type ReferencePart, renderTemplate } from "../values/references.ts";
import type { RunState } from "./run_state.ts";
import { StepError } from "../values/step_error.ts";

/**
 * Fills in the references of a string; waits for captures that have no value yet.
 *
 * @param vm The virtual machine that uses the string, if any: paths of files on the host then become
 * paths of copies in the guest.
 * @throws {StepError} If a capture gets no value, or there is no such program or address.
 */
export async function fillIn(
  run: RunState,
  text: string,
  limit: Limit,
  vm?: Vm,
): Promise<string> {
  const parts = parseTemplate(text);
  const inGuest = new Map<ReferencePart, string>();
  for (const part of parts) {
    if (part.kind === "capture") await run.captures.wait(part.key, limit);
    const file = vm && part.kind !== "literal" ? fileOf(run, part) : undefined;
    if (vm && part.kind !== "literal" && file) {
      inGuest.set(part, await run.guestFiles.path(vm, file.path, file.name));
    }
  }
  const variables = addressVariables(run.lab);
  // Captures are read last, so that all values are from the same moment.
  return renderTemplate(parts, (part) => inGuest.get(part) ?? valueOf(run, part, variables));
}

function valueOf(
  run: RunState,
  part: ReferencePart,
  variables: Readonly<Record<string, string>>,
): string {
  if (part.kind === "capture") return run.captures.get(part.key)!;
  if (part.kind === "binary") return binary(run, part.name);
  const address = variables[part.name];
  if (address !== undefined) return address;
  const known = Object.keys(variables).filter((name) => name.startsWith("NETYARD_")).join(", ");
  throw new StepError(`${part.text}: no node has such an address; there are: ${known || "none"}`);
}

function binary(run: RunState, name: string): string {
  const path = run.context.binaries.get(name);
  if (path !== undefined) return path;
  const known = [...run.context.binaries.keys()].join(", ");
  throw new StepError(`there is no binary "${name}"; there are: ${known || "none"}`);
}

/** Returns the file on the host that a reference names, if any, and the name of its copy in guests. */
function fileOf(run: RunState, part: ReferencePart): { path: string; name: string } | undefined {
  if (part.kind === "binary") return { path: binary(run, part.name), name: `bin/${part.name}` };
  const path = part.kind === "capture" ? run.files.get(part.key) : undefined;
  return path === undefined || part.kind !== "capture"
    ? undefined
    : { path, name: `files/${part.key}/${basename(path)}` };
}
