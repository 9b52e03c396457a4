/** Distinguishes console output of a thread from messages of its code. */
export const PRINTED = "netyard:printed";

/** Console output of a thread, for the log of the node. */
export interface Printed {
  [PRINTED]: "stdout" | "stderr";
  text: string;
}
