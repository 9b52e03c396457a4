import { z } from "zod";
import { text, texts } from "./fields.ts";
import { common } from "./process_steps.ts";

/** What steps are that write files, or check what was captured. */

export const fileSteps = {
  "gen-certs": z.strictObject({
    action: z.literal("gen-certs").describe("Makes a certificate that is signed by its own key."),
    ...common,
    id: text("Captures ${id.cert_pem_path} and ${id.key_pem_path}."),
    device: text("The node whose addresses it is for.").optional(),
    cn: text('Its common name. Default "netyard".').optional(),
    san: texts("Names and addresses that it is for. Default: the device's addresses.").optional(),
  }),
  "gen-file": z.strictObject({
    action: z.literal("gen-file").describe("Writes a file."),
    ...common,
    id: text("Captures ${id.path}."),
    device: text("With a counted device: one file for each.").optional(),
    content: z.string().describe("What is in it, with ${id.capture} and $NETYARD_IP_NODE."),
  }),
  assert: z.strictObject({
    action: z.literal("assert").describe("Fails unless every check holds."),
    ...common,
    check: text('"id.capture OPERATOR value", with == != contains matches >= <= < >.').optional(),
    checks: z.array(z.string()).min(1).describe("Several of them.").optional(),
  }).refine(
    ({ check, checks }) => check !== undefined || checks !== undefined,
    '"check" or "checks" is missing',
  ),
};
