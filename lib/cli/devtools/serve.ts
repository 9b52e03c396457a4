/**
 * `netyard serve` and `netyard show`: their declarations are in `serve_command.ts`. Imports `../command` and
 * `devtools/server`. Begin here.
 *
 * @module
 */
import { failuresDirectory } from "../../bundle/failures.ts";
import { defaultPlace } from "../../devtools/server/default_place.ts";
import { openBrowser } from "../../devtools/server/open_browser.ts";
import { ServeError } from "../../devtools/server/errors.ts";
import {
  type DevtoolsServer,
  serveRuns,
  type ServeRunsOptions,
} from "../../devtools/server/serve.ts";
import { staticPage } from "../../devtools/server/static_page.ts";
import { processVariable } from "../command/colors.ts";
import type { Invocation } from "../command/command.ts";
import type { Output } from "../command/output.ts";
import { checkOutputFile, writeOutputFile } from "../command/output_file.ts";
import { untilStopped } from "../command/stop_signals.ts";
import { isBelow, openPlace } from "./place.ts";
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
  { options, arguments: [path], stdout, stderr }: Invocation<typeof SERVE_OPTIONS>,
): Promise<number> {
  await using place = await openPlace(path ?? await defaultPlace(processVariable, Deno.cwd()));
  const { root } = place;
  // The bundles of tests that failed belong to what is here, unless the reader names a folder.
  const failures = failuresDirectory();
  const served = path !== undefined || isBelow(failures, root) ? { root } : { root, failures };
  return await serveUntilStopped(served, place.title, options, { stdout, stderr });
}

/** The command `netyard show`. */
export async function show(
  { options, arguments: [path], stdout, stderr }: Invocation<typeof SHOW_OPTIONS>,
): Promise<number> {
  await using place = await openPlace(path);
  const { root, title } = place;
  if (options.html === undefined) {
    return await serveUntilStopped({ root }, title, options, { stdout, stderr });
  }
  await checkOutputFile("netyard show: --html", options.html);
  await writeOutputFile(options.html, await staticPage(root));
  stdout.line(`${title} is in ${options.html}`);
  return 0;
}

/** Serves a folder until Ctrl-C, or until the command that started this one ends. */
async function serveUntilStopped(
  served: Pick<ServeRunsOptions, "root" | "failures">,
  title: string,
  { open, bind, token }: ServerValues,
  { stdout, stderr }: { stdout: Output; stderr: Output },
): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  using stop = untilStopped();
  stop.signal.addEventListener("abort", () => resolve());
  const isChild = endWithParent(resolve);
  // Beside `netyard run`, whose output may be JSON; and another server may have the default port.
  const output = isChild ? stderr : stdout;
  await using server = isChild ? serveAnywhere(served) : serveRuns({ ...served, bind, token });
  output.line(`runs of ${title}: ${server.url}${isChild ? "" : " (Ctrl-C ends it)"}`);
  if (open && !openBrowser(server.url)) output.line("no browser could be opened");
  if (!stop.signal.aborted) await promise;
  return 0;
}

function serveAnywhere(served: Pick<ServeRunsOptions, "root" | "failures">): DevtoolsServer {
  try {
    return serveRuns(served);
  } catch (error) {
    if (!(error instanceof ServeError)) throw error;
    return serveRuns({ ...served, bind: "127.0.0.1:0" });
  }
}
