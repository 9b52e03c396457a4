import { EventConflictError } from "../../events/errors.ts";
import { Telemetry } from "../../telemetry/telemetry.ts";
import type { LabCore } from "../model/lab.ts";

/** Records what the programs of a lab report, in the directory of its run. */
export function recordTelemetry({ bus }: LabCore, directory: string): Telemetry {
  return new Telemetry({
    directory,
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
