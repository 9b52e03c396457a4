import { findDevice, indexOfInterface, requireNew, requireSameName, updateHost } from "../draft.ts";
import defer * as part from "../schema_parts.ts";
import { deviceSchema } from "../states/device.ts";
import { interfacesText } from "./interface.ts";
import type { EventRows } from "./row.ts";

/** Devices. What happens to their interfaces is in `interface.ts`. */
export const DEVICE_EVENTS = {
  "device-added": {
    schema: () => ({ name: part.text, device: deviceSchema() }),
    apply(draft, { name, device }) {
      requireNew(draft, name);
      requireSameName(name, device);
      draft.devices[name] = device;
    },
    text: ({ name, device }) => [name, `device added${interfacesText(device.interfaces)}`],
  },

  "device-removed": {
    schema: () => ({ name: part.text }),
    apply(draft, { name }) {
      findDevice(draft, name);
      delete draft.devices[name];
      delete draft.dns.nodes[name];
    },
    text: ({ name }) => [name, "device removed"],
  },

  "default-route-changed": {
    schema: () => ({ node: part.text, name: part.text }),
    apply: (draft, { node, name }) =>
      updateHost(draft, node, ({ interfaces }) => {
        indexOfInterface(interfaces, name);
        return { defaultInterface: name };
      }),
    text: ({ node, name }) => [node, `default route set to ${name}`],
  },
} satisfies Partial<EventRows>;
