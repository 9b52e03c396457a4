/** Tells what a thread's console printed from the messages of its code. */
export const PRINTED = "netyard:printed";

/** What a thread's console printed, for the node's log. */
export interface Printed {
  [PRINTED]: "stdout" | "stderr";
  text: string;
}
