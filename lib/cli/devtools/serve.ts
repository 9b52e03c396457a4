/**
 * `netyard serve` and `netyard show`: their declarations are in `serve_command.ts`. Imports `../command` and
 * `devtools/server`. Begin here.
 *
 * @module
 */
import { defaultPlace } from "../../devtools/server/default_place.ts";
import { openBrowser } from "../../devtools/server/open_browser.ts";
import { ServeError } from "../../devtools/server/errors.ts";
import { type DevtoolsServer, serveRuns } from "../../devtools/server/serve.ts";
import { staticPage } from "../../devtools/server/static_page.ts";
import { BadInputError } from "../command/bad_input.ts";
import { processVariable } from "../command/colors.ts";
import type { Invocation } from "../command/command.ts";
import type { Output } from "../command/output.ts";
import { checkOutputFile, writeOutputFile } from "../command/output_file.ts";
import { untilStopped } from "../command/stop_signals.ts";
import { endWithParent } from "./viewer.ts";
import type { SERVE_OPTIONS, SHOW_OPTIONS } from "./serve_command.ts";

/** The values of the options of a server. */
export interface ServerValues {
  open: boolean;
  bind: string;
  token: string | undefined;
}

/** The command `netyard serve`. */
export async function serve(
  { options, arguments: [directory], stdout, stderr }: Invocation<typeof SERVE_OPTIONS>,
): Promise<number> {
  const root = await folderAt(directory ?? await defaultPlace(processVariable, Deno.cwd()));
  return await serveUntilStopped(root, options, { stdout, stderr });
}

/** The command `netyard show`. */
export async function show(
  { options, arguments: [directory], stdout, stderr }: Invocation<typeof SHOW_OPTIONS>,
): Promise<number> {
  const root = await folderAt(directory);
  if (options.html === undefined) {
    return await serveUntilStopped(root, options, { stdout, stderr });
  }
  await checkOutputFile("netyard show: --html", options.html);
  await writeOutputFile(options.html, await staticPage(root));
  stdout.line(`${root} is in ${options.html}`);
  return 0;
}

/** Serves a folder until Ctrl-C, or until the command that started this one ends. */
async function serveUntilStopped(
  root: string,
  { open, bind, token }: ServerValues,
  { stdout, stderr }: { stdout: Output; stderr: Output },
): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  using stop = untilStopped();
  stop.signal.addEventListener("abort", () => resolve());
  const isChild = endWithParent(resolve);
  // Beside `netyard run`, whose output may be JSON; and another server may have the default port.
  const output = isChild ? stderr : stdout;
  await using server = isChild ? serveAnywhere(root) : serveRuns({ root, bind, token });
  output.line(`runs of ${root}: ${server.url}${isChild ? "" : " (Ctrl-C ends it)"}`);
  if (open && !openBrowser(server.url)) output.line("no browser could be opened");
  if (!stop.signal.aborted) await promise;
  return 0;
}

function serveAnywhere(root: string): DevtoolsServer {
  try {
    return serveRuns({ root });
  } catch (error) {
    if (!(error instanceof ServeError)) throw error;
    return serveRuns({ root, bind: "127.0.0.1:0" });
  }
}

/** The real path of a folder: the links on the way to it are those of the user, not of a program. */
async function folderAt(directory: string): Promise<string> {
  try {
    const path = await Deno.realPath(directory);
    if ((await Deno.stat(path)).isDirectory) return path;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new BadInputError(`there is no folder ${directory}`);
  }
  throw new BadInputError(`${directory} is not a folder`);
}
