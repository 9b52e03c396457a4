/**
 * Resolves the program of one simulation, in a process of its own: prints its path, and then the lines of
 * progress. The arguments are the directory, and the declaration of the program as JSON.
 */

import { resolveBinaries } from "../../../lib/sim/binary/binaries.ts";
import { Scratch } from "./binaries_kit.ts";

const [directory, fields] = Deno.args;
const scratch = Scratch.at(directory);
const simulation = scratch.simulation([JSON.parse(fields)]);
const found = await resolveBinaries([simulation], scratch.options());
console.log(JSON.stringify([...found.get(simulation)!.values(), ...scratch.said]));
