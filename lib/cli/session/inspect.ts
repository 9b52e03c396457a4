import { enterRootless } from "../../../native/process/reexec.ts";
import type { LabConfig } from "../../lab/config/types.ts";
import { Lab } from "../../lab/lab.ts";
import { expandedDevices } from "../../lab/config/toml.ts";
import { drawingOf } from "../../lab/config/drawing.ts";
import { drawingText } from "../../drawing/text.ts";
import type { Invocation } from "../command/command.ts";
import type { INSPECT_OPTIONS } from "./inspect_command.ts";
import { addressesOf } from "./lab_addresses.ts";
import type { Output } from "../command/output.ts";
import { newSession, registerSession, type Session, sessions } from "./session.ts";
import { sessionDirectory } from "./session_directory.ts";
import { nodesOf, SessionServer } from "./session_server.ts";
import { type StopSignals, untilStopped } from "../command/stop_signals.ts";
import { readTopology } from "./topology_file.ts";

/**
 * The command `netyard inspect`: keeps a lab running until a signal ends it.
 *
 * @returns the exit code, 0
 */
export async function inspect(
  { options, arguments: [path], stdout }: Invocation<typeof INSPECT_OPTIONS>,
): Promise<number> {
  const { title, config } = await readTopology(path, options.variant);
  enterRootless();
  const directory = await sessionDirectory();
  await sessions(directory); // Removes the sessions of dead processes.
  using stop = untilStopped();
  await using lab = await Lab.fromConfig(config, {
    label: title,
    ...options.workDir === undefined ? {} : { outDir: options.workDir },
  });
  await unlessStopped(stop, lab.boot());
  if (stop.signal.aborted) return 0;
  const nodes = [...nodesOf(lab)].map(([name, { kind }]) => ({ name, kind }));
  const session = newSession(directory, { label: title, file: path, nodes });
  await using _registered = await registerSession(directory, session);
  await using _server = SessionServer.listen(lab, session.socket);
  const drawing = drawingOf(withSingleDevices(config), { title, addresses: addressesOf(lab) });
  stdout.write(drawingText(drawing));
  printInstructions(stdout, session, lab);
  await unlessStopped(stop);
  stdout.line("closing the lab");
  return 0;
}

/** Waits for `work`, or forever without it, but not after a signal to end. */
async function unlessStopped({ signal }: StopSignals, work?: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve());
  if (signal.aborted) resolve();
  await Promise.race([promise, ...work ? [work] : []]);
  work?.catch(() => {}); // It fails when the lab is closed in the meantime.
}

function printInstructions(stdout: Output, { id }: Session, lab: Lab): void {
  const name = lab.devices[0]?.name ?? lab.routers[0]?.name ?? "ix";
  stdout.line();
  if (lab.outDir !== undefined) stdout.line(`logs: ${lab.outDir}`);
  stdout.line(`ready: session ${id}. In another shell:`);
  stdout.line(`  netyard run-in ${name} -- bash`);
  stdout.line("Ctrl-C ends the lab.");
}

/** Replaces each device with a count by the devices that were built, which have their own addresses. */
function withSingleDevices(config: LabConfig): LabConfig {
  const names = expandedDevices(config);
  const devices = Object.entries(config.devices ?? {}).flatMap(([name, { count: _, ...device }]) =>
    (names.get(name) ?? [name]).map((each) => [each, device] as const)
  );
  return { ...config, devices: Object.fromEntries(devices) };
}
