/**
 * Run by `run_real_test.ts`: runs the simulations of a directory three times in this process, and
 * prints its open files and threads after each, as JSON.
 */
import { loadSimulations } from "../../../lib/sim/load.ts";
import { runAll } from "../../../lib/sim/run/run_all.ts";
import { readFileText } from "../../../native/libc.ts";

/** The open files and threads of the process after a round. */
export interface Round {
  descriptors: number;
  threads: number;
  /** The number of passed simulations. */
  passed: number;
}

/** Counts the open files and threads of this process. */
function held(): Omit<Round, "passed"> {
  const { stdout } = new Deno.Command("ls", { args: [`/proc/${Deno.pid}/fd`] }).outputSync();
  const threads = /^Threads:\s+(\d+)$/m.exec(readFileText("/proc/self/status"))![1];
  return {
    descriptors: new TextDecoder().decode(stdout).split("\n").length,
    threads: Number(threads),
  };
}

const [directory] = Deno.args;
const simulations = await loadSimulations([`${directory}/sim.toml`]);
const rounds: Round[] = [];
for (let round = 0; round < 3; round++) {
  const { passed } = await runAll(simulations, {
    workDir: directory,
    jobs: 2,
    binaries: new Map(),
  });
  rounds.push({ ...held(), passed });
}
console.log(JSON.stringify(rounds));
