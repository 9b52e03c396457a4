/** The colour of a kind of event. */
export function kindTone(kind: string): string {
  if (kind === "damaged" || kind.endsWith("-failed")) return "bad";
  if (kind === "custom") return "accent";
  if (kind === "fault-healed") return "ok";
  if (kind.startsWith("fault-")) return "bad";
  if (kind === "schedule-step") return "step";
  if (/condition|impairments|partitions|broken|black|link-down|disconnected/.test(kind)) {
    return "warn";
  }
  return "plain";
}
