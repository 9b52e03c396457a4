import { findProgram, searchPath, SYSTEM_DIRECTORIES } from "../../native/process/process.ts";
import type { ProgramFacts } from "./facts.ts";
import { type Installable, PRIVATE_DIRECTORIES } from "./install.ts";

/**
 * Where a host program is, and whether it can be called from there: in a directory of PATH, or in
 * the one of its own where Netyard looks for it.
 */
export function locateProgram(program: Installable): ProgramFacts {
  const usual = [...searchPath(), ...PRIVATE_DIRECTORIES[program] ?? []];
  const path = findProgram(program, usual);
  if (path) return { path, onPath: true };
  const hidden = findProgram(program, SYSTEM_DIRECTORIES);
  return hidden ? { path: hidden, onPath: false } : undefined;
}
