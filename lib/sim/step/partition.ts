import { z } from "zod";
import { text } from "./fields.ts";
import { common, type StepBase, stepKind } from "./kind.ts";

/**
 * Partitions members of a bridge, or heals the partition: `bridge = "lan"` (or a router's name, for
 * its LAN), and either `members = ["a", "b"]` for both directions, or `from` and `to` for one. With
 * neither, `partition` is for all members and `heal` for all partitions of the bridge.
 */
export interface PartitionStep extends StepBase {
  /** The action. */
  action: "partition" | "heal";
  /** The bridge, or the router for its LAN. */
  bridge: string;
  /** Two members, both directions. */
  members?: [string, string];
  /** One direction: the member that sends. */
  from?: string;
  /** One direction: the member that receives. */
  to?: string;
}

export const partitionKinds = {
  partition: partition(
    "partition",
    "Partitions two members of a bridge; without members, all of them.",
  ),
  heal: partition("heal", "Heals a partition; without members, all partitions of the bridge."),
};

function partition(action: PartitionStep["action"], what: string) {
  return stepKind({
    schema: z.strictObject({
      action: z.literal(action).describe(what),
      ...common,
      bridge: text("The bridge, or the router of the LAN."),
      members: z.tuple([z.string(), z.string()]).describe("Two members, both directions.")
        .optional(),
      from: text("One direction: the member that sends.").optional(),
      to: text("One direction: the member that receives.").optional(),
    }).superRefine(({ members, from, to }, context) => {
      const wrong = (from === undefined) !== (to === undefined)
        ? '"from" and "to" go together'
        : members && from !== undefined
        ? 'give "members" for both directions, or "from" and "to" for one'
        : undefined;
      if (wrong) context.addIssue({ code: "custom", message: wrong });
    }),
    toStep: ({ bridge, members, from, to }, reader) => {
      members?.forEach((name, i) => reader.member(name, ["members", i]));
      return {
        bridge: reader.bridge(bridge),
        members,
        from: from && reader.member(from, ["from"]),
        to: to && reader.member(to, ["to"]),
      };
    },
  });
}
