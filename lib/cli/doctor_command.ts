import type { Declaration } from "./command/command.ts";

/** The options of {@linkcode doctorCommand}. */
export const DOCTOR_OPTIONS = [
  { long: "json", what: "print the findings as JSON" },
] as const;

/** `netyard doctor`. */
export const doctorCommand: Declaration<typeof DOCTOR_OPTIONS> = {
  name: "doctor",
  summary: "check what this host can do, and how to fix the rest",
  description:
    "Checks which features of Netyard work on this host, and prints how to fix the others.",
  arguments: [],
  options: DOCTOR_OPTIONS,
  examples: [
    { command: "netyard doctor", what: "show what works, and what to install" },
    {
      command: "netyard doctor --json | jq .ok",
      what: "check whether a lab can be built on this host",
    },
  ],
  exitCodes: [
    [0, "a lab can be built on this host"],
    [1, "no lab can be built on this host"],
    [2, "wrong options"],
  ],
};
