import { z } from "zod";
import { text, texts } from "./fields.ts";
import { common, type StepBase, stepKind } from "./kind.ts";

/** Writes `certs/<id>/cert.pem` and `key.pem`; captures `cert_pem_path`, `key_pem_path`. */
export interface GenCertsStep extends StepBase {
  /** The action. */
  action: "gen-certs";
  /** The node whose addresses the certificate is for. */
  device?: string;
  /** The common name. */
  cn: string;
  /** Names and addresses that the certificate is for, in addition to the addresses of the device. */
  san?: string[];
}

/** Writes `files/<id>/content`; captures `path`. */
export interface GenFileStep extends StepBase {
  /** The action. */
  action: "gen-file";
  /** What is written, with `${...}` in it. */
  content: string;
}

export const fileKinds = {
  "gen-certs": stepKind({
    schema: z.strictObject({
      action: z.literal("gen-certs").describe("Makes a self-signed certificate."),
      ...common,
      id: text("Captures ${id.cert_pem_path} and ${id.key_pem_path}."),
      device: text("The node whose addresses the certificate is for.").optional(),
      cn: text('The common name. Default "netyard".').optional(),
      san: texts("Names and addresses, in addition to those of the device.").optional(),
    }),
    toStep: ({ device, cn = "netyard", san }, reader) => ({
      device: device && reader.node(device, ["device"]),
      cn,
      san: san?.map((name, i) => reader.template(name, ["san", i])),
    }),
    captures: () => ["cert_pem_path", "key_pem_path"],
    needsTopology: ({ device }) => device !== undefined,
  }),
  "gen-file": stepKind({
    schema: z.strictObject({
      action: z.literal("gen-file").describe("Writes a file."),
      ...common,
      id: text("Captures ${id.path}."),
      device: text("A device with a count: writes one file for each.").optional(),
      content: z.string().describe("The content, with ${id.capture} and $NETYARD_IP_NODE."),
    }),
    toStep: ({ device, content }, reader) => {
      if (device !== undefined) reader.node(device, ["device"]);
      return { content: reader.template(content, ["content"]) };
    },
    captures: () => ["path"],
    needsTopology: () => false,
  }),
};
