import type { OutputKind, ProgramOutput } from "../../node/process/host.ts";
import type { LabCore } from "./lab.ts";

/** Where the output of a program goes: to the node's log, and to who reads its events. */
export function programOutput(core: LabCore, node: string, kind: OutputKind): ProgramOutput {
  const events = core.telemetry?.reader(node);
  return {
    write(chunk) {
      const written = core.output?.log(node, kind, chunk);
      events?.push(chunk);
      return written;
    },
    end: () => events?.end(),
  };
}
