/**
 * Run by `run_real_test.ts`: runs the simulations of a directory three times in this process, and
 * prints what it holds after each, as JSON.
 */
import { loadSimulations } from "../../lib/sim/load.ts";
import { runAll } from "../../lib/sim/run/run_all.ts";
import { readFileText } from "../../native/libc.ts";

/** What the process holds after one of the rounds. */
export interface Round {
  descriptors: number;
  threads: number;
  /** How many simulations passed. */
  passed: number;
}

/** What this process holds. */
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
