import { simulationJsonSchema, topologyJsonSchema } from "../sim/json_schema.ts";
import type { Invocation } from "./command/command.ts";
import type { SCHEMA_OPTIONS } from "./schema_command.ts";
import { checkOutputFile, writeOutputFile } from "./command/output_file.ts";

/**
 * The command `netyard schema`: prints or writes the JSON Schema of simulation or topology files.
 *
 * @returns the exit code, 0
 */
export async function schema(
  { options, arguments: [kind], stdout }: Invocation<typeof SCHEMA_OPTIONS>,
): Promise<number> {
  const json = kind === "topology" ? topologyJsonSchema() : simulationJsonSchema();
  const text = `${JSON.stringify(json, null, 2)}\n`;
  if (options.out === undefined) {
    stdout.write(text);
  } else {
    await checkOutputFile("netyard schema: --out", options.out);
    await writeOutputFile(options.out, text);
  }
  return 0;
}
