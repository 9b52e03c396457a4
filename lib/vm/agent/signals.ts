import { constants } from "node:os";

const NUMBERS: Readonly<Record<string, number>> = constants.signals;

/** Returns the name of a Linux signal; the numbers are the same on x86 and ARM. */
export function signalName(number: number): string {
  const found = Object.entries(NUMBERS).find(([, each]) => each === number);
  return found?.[0] ?? `signal ${number}`;
}

/** Returns a signal's name without `SIG`, as `kill -s` takes it; undefined if there is no such signal. */
export function shortSignalName(name: string): string | undefined {
  return name.startsWith("SIG") && Object.hasOwn(NUMBERS, name) ? name.slice(3) : undefined;
}
