import { findVm, requireNew, requireSameName, without } from "../draft.ts";
import defer * as part from "../schema_parts.ts";
import { vmSchema, vmStateNameSchema } from "../states/vm.ts";
import { because, type EventRows } from "./row.ts";

const BYTES_PER_MIB = 2 ** 20;

/** Virtual machines. What happens to their interfaces is in `interface.ts`. */
export const VM_EVENTS = {
  "vm-added": {
    schema: () => ({ name: part.text, vm: vmSchema() }),
    apply(draft, { name, vm }) {
      requireNew(draft, name);
      requireSameName(name, vm);
      draft.vms = { ...draft.vms, [name]: vm };
    },
    text: ({ name, vm: { profile, memoryBytes, cpus } }) => [
      name,
      `virtual machine added: profile ${profile}, memory ${memoryBytes / BYTES_PER_MIB} MiB, ` +
      (cpus === 1 ? "1 CPU" : `${cpus} CPUs`),
    ],
  },

  "vm-removed": {
    schema: () => ({ name: part.text }),
    apply(draft, { name }) {
      findVm(draft, name);
      const vms = without(draft.vms, name);
      if (vms) draft.vms = vms;
      else delete draft.vms;
      delete draft.dns.nodes[name];
    },
    text: ({ name }) => [name, "virtual machine removed"],
  },

  "vm-state-changed": {
    schema: () => ({ name: part.text, state: vmStateNameSchema(), why: part.nullableText }),
    apply: (draft, { name, state }) => void (draft.vms![name] = { ...findVm(draft, name), state }),
    text: ({ name, state, why }) => [
      name,
      `virtual machine ${state === "failed" ? state : `is ${state}`}${because(why)}`,
      state === "failed" ? "error" : "info",
    ],
  },
} satisfies Partial<EventRows>;
