import { NetyardError } from "../../../native/error.ts";
import {
  findProgram,
  processEnvironment,
  replaceProcess,
  searchPath,
  SYSTEM_DIRECTORIES,
  toByteString,
} from "../../../native/process/process.ts";
import { NODE_VARIABLE } from "../../node/process/command.ts";
import { entryCommand } from "../../node/entry.ts";
import { processVariable } from "../command/colors.ts";
import type { Invocation } from "../command/command.ts";
import type { RUN_IN_OPTIONS } from "./run_in_command.ts";
import { chooseNode, chooseSession, type Session, SessionError, sessions } from "./session.ts";
import { messageBytes, messagesOf, type SessionReply } from "./session_messages.ts";

/** The variable that names the session, for whoever has several. */
export const SESSION_VARIABLE = "NETYARD_SESSION";

const NOT_FOUND = 127;

/**
 * The command `netyard run-in`: becomes the program that it runs, so that the terminal, signals and
 * the exit code are the program's own. In a virtual machine, the agent runs it.
 */
export async function runIn(
  { options, arguments: [name, ...command], stderr }: Invocation<typeof RUN_IN_OPTIONS>,
): Promise<number> {
  refuseInside();
  const wanted = options.session ?? (processVariable(SESSION_VARIABLE) || undefined);
  const session = chooseSession(await sessions(), wanted);
  chooseNode(session, name);
  using connection = await connect(session);
  const writer = connection.writable.getWriter();
  await writer.write(messageBytes({ node: name, command }));
  for await (const reply of messagesOf<SessionReply>(connection.readable)) {
    if (reply.kind === "refused") throw new SessionError(reply.message);
    if (reply.kind === "exit") return reply.code;
    if (reply.kind === "output") print(reply);
    else {
      const [program, ...args] = command.length > 0 ? command : [shell()];
      const file = findProgram(program, [...searchPath(), ...SYSTEM_DIRECTORIES]) ??
        (program.includes("/") ? program : undefined);
      if (file === undefined) {
        stderr.line(`${name}: no program "${program}" on this host; install it, or give its path`);
        return NOT_FOUND;
      }
      const argv = entryCommand(reply.entry, file, args, Deno.cwd());
      const env = environment({
        ...reply.env,
        [NODE_VARIABLE]: name,
        [SESSION_VARIABLE]: session.id,
      });
      replaceProcess(argv[0], argv.map(toByteString), env);
    }
  }
  throw new SessionError(`the lab "${session.label}" ended`);
}

/** A node's processes do not see the one that keeps the lab up, and could not enter another node. */
function refuseInside(): void {
  const node = processVariable(NODE_VARIABLE);
  if (!node) return;
  throw new SessionError(
    `this is inside of the node "${node}" (${NODE_VARIABLE}): enter another from a shell outside`,
  );
}

function shell(): string {
  return processVariable("SHELL") || "bash";
}

async function connect({ id, socket }: Session): Promise<Deno.UnixConn> {
  try {
    return await Deno.connect({ transport: "unix", path: socket });
  } catch (error) {
    throw new NetyardError(
      `the session "${id}" does not answer at ${socket} (${(error as Error).message}): it has ` +
        "just begun, or is about to end; try again",
      { cause: error },
    );
  }
}

function print({ stream, data }: { stream: "stdout" | "stderr"; data: string }): void {
  const bytes = Uint8Array.fromBase64(data);
  for (let at = 0; at < bytes.length;) at += Deno[stream].writeSync(bytes.subarray(at));
}

/** That of this process with some variables set, and with what the system's directories have. */
function environment(more: Record<string, string>): string[] {
  const set = { ...more, PATH: [...new Set([...searchPath(), ...SYSTEM_DIRECTORIES])].join(":") };
  const kept = processEnvironment().filter((entry) =>
    !Object.hasOwn(set, entry.slice(0, entry.indexOf("=")))
  );
  return [...kept, ...Object.entries(set).map(([name, value]) => toByteString(`${name}=${value}`))];
}
