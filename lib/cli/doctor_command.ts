import type { Declaration } from "./command/command.ts";

/** The options of {@linkcode doctorCommand}. */
export const DOCTOR_OPTIONS = [
  { long: "json", what: "print the findings as JSON" },
] as const;

/** `netyard doctor`. */
export const doctorCommand: Declaration<typeof DOCTOR_OPTIONS> = {
  name: "doctor",
  summary: "say what this host can do, and what mends the rest",
  description: "Says what this host can do for Netyard, and what mends the rest.",
  arguments: [],
  options: DOCTOR_OPTIONS,
  examples: [
    { command: "netyard doctor", what: "see what is there, and what to install" },
    { command: "netyard doctor --json | jq .ok", what: "ask whether a lab can be built here" },
  ],
  exitCodes: [[0, "a lab can be built here"], [1, "it cannot"], [2, "wrong options"]],
};
