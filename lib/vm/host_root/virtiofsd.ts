import { basename, dirname } from "node:path";
import { readFileText } from "../../../native/libc.ts";
import { installAdvice } from "../../host/install.ts";
import { locateProgram } from "../../host/programs.ts";
import { NodeCommand } from "../../node/process/command.ts";
import type { Host } from "../../node/process/host.ts";
import type { Helper } from "../profile/profile.ts";
import { ProfileError } from "../options/errors.ts";
import { within } from "../socket/within.ts";
import { hiddenFrom } from "./hidden.ts";
import { LISTENING, virtiofsdCommand } from "./virtiofsd_command.ts";

/** How long its mounts may take. */
const START_MS = 20_000;
const STDERR_KEPT = 4_096;

/**
 * Serves this host's root, read-only, to the QEMU that connects to the socket, and ends with it.
 *
 * @throws {ProfileError} If virtiofsd is not installed or does not start, or in rootless mode.
 */
export async function serveHostRoot(host: Host, socket: string): Promise<Helper> {
  // Reading through an overlay, the guest opens files with O_NOATIME, which only their owner may do; in a
  // user namespace the owners of this host's files are not mapped.
  if (Deno.statSync("/").uid !== 0) {
    throw new ProfileError(
      `${host.name}: the profile "host" needs root: in rootless mode, files of this host's root cannot ` +
        'be served to a guest; run the script as root, or use another profile, such as "tiny"',
    );
  }
  const program = locateProgram("virtiofsd")?.path;
  if (!program) {
    throw new ProfileError(
      `${host.name}: the profile "host" needs virtiofsd, which is not on this host; ` +
        installAdvice(["virtiofsd"], readFileText("/etc/os-release")),
    );
  }
  const spec = {
    virtiofsd: program,
    rust: await isRust(program),
    socket: basename(socket),
    hidden: hiddenHere(),
  };
  const [command, ...args] = virtiofsdCommand(spec);
  const child = new NodeCommand(host, command, {
    args,
    cwd: dirname(socket),
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    detached: true, // so that Ctrl-C does not reach it: its guest may still write
  }, { own: true }).spawn();
  const server = new Server(child);
  try {
    await within(
      Promise.race([server.listening, server.ended.then((output) => Promise.reject(output))]),
      START_MS,
      () => new Error("it was not ready in time"),
    );
  } catch (why) {
    await server.stop();
    const reason = why instanceof Error ? why.message : String(why);
    throw new ProfileError(
      `${host.name}: the profile "host" cannot serve this host's root with ${program}: ${
        reason || "it ended"
      }`,
    );
  }
  return server;
}

class Server implements Helper {
  readonly ended: Promise<string>;
  readonly listening: Promise<void>;
  #child: Deno.ChildProcess;

  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.listening = promise;
    let text = "";
    const read = async () => {
      const decoder = new TextDecoder();
      for await (const chunk of child.stderr) {
        text = (text + decoder.decode(chunk, { stream: true })).slice(-STDERR_KEPT);
        if (text.includes(LISTENING)) resolve();
      }
    };
    const done = read().catch(() => {});
    this.ended = Promise.all([child.status, done]).then(() => text.trim());
  }

  async stop(): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.ended;
  }
}

async function isRust(program: string): Promise<boolean> {
  const { stdout, stderr } = await new Deno.Command(program, { args: ["--help"] }).output();
  const decoder = new TextDecoder();
  return (decoder.decode(stdout) + decoder.decode(stderr)).includes("--shared-dir");
}

function hiddenHere() {
  const own = [Deno.env.get("HOME") ?? "/root", Deno.cwd(), Deno.execPath()];
  let homes: string[] = [];
  try {
    homes = [...Deno.readDirSync("/home")].map(({ name }) => name).sort();
  } catch {
    // There is no /home.
  }
  return hiddenFrom({ homes, own });
}
