import { EventConflictError } from "../events/errors.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { LabCore } from "./model/lab.ts";

/** Whether a lab records what its programs report: custom events of their output, and telemetry. */
export function recordsTelemetry({ output }: Pick<LabCore, "output">): boolean {
  return output !== undefined;
}

/** Loads what a lab needs to record what its programs report; undefined if it does not. */
export async function loadTelemetry(core: LabCore): Promise<Telemetry | undefined> {
  const { output, bus } = core;
  if (output === undefined || !recordsTelemetry(core)) return undefined;
  const { Telemetry } = await import("../telemetry/telemetry.ts");
  return new Telemetry({
    directory: output.path,
    elapsedMs: () => bus.elapsedMs,
    emit(node, name, data) {
      if (bus.closed) return;
      try {
        bus.emit({ kind: "custom", node, name, data });
      } catch (error) {
        // The node is gone, and this is the last that its programs said.
        if (!(error instanceof EventConflictError)) throw error;
      }
    },
  });
}
