import { Lab, type LabEvent, readRun, readTelemetry, type TelemetryRun } from "@netyard/netyard";

/** The path of a fixture. */
export const fixture = (name: string): string =>
  new URL(`fixtures/${name}`, import.meta.url).pathname;

/** A custom event, as tests compare it. */
export type Custom = [node: string | null, name: string, data: unknown];

/** What a lab recorded. */
export interface Recorded extends TelemetryRun {
  events: LabEvent[];
  custom: Custom[];
}

/** Makes a lab that records, and returns what it recorded once `use` has ended. */
export async function recorded(use: (lab: Lab) => Promise<void>): Promise<Recorded> {
  const directory = await Deno.makeTempDir();
  try {
    const lab = await Lab.create({ outDir: { exact: directory } });
    try {
      await use(lab);
    } finally {
      await lab.close();
    }
    const { events } = await readRun(directory);
    const custom = events.filter((event) => event.kind === "custom")
      .map(({ node, name, data }): Custom => [node, name, data]);
    return { ...await readTelemetry(directory), events, custom };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Runs a Deno program in a node: its command line without the program. */
export const denoRun = (path: string, ...args: string[]): string[] => [
  "run",
  "-A",
  "--cached-only",
  `--config=${new URL("../../deno.json", import.meta.url).pathname}`,
  path,
  ...args,
];
