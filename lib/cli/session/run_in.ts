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

/** The variable that selects the session if several labs are running. */
export const SESSION_VARIABLE = "NETYARD_SESSION";

const NOT_FOUND = 127;

/**
 * The command `netyard run-in`: replaces itself by the program, which thereby has the terminal, the signals
 * and the exit code. In a virtual machine, the guest agent runs the program.
 */
export async function runIn(
  { options, arguments: [name, ...command], stderr }: Invocation<typeof RUN_IN_OPTIONS>,
): Promise<number> {
  refuseInside();
  const id = options.session ?? (processVariable(SESSION_VARIABLE) || undefined);
  const session = chooseSession(await sessions(), id);
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
        stderr.line(
          `${name}: there is no program "${program}" on this host; install it, or give its path`,
        );
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
  throw new SessionError(`the lab "${session.label}" was closed`);
}

/** Refuses to run in a node: its processes cannot see the process of the lab, nor enter another node. */
function refuseInside(): void {
  const node = processVariable(NODE_VARIABLE);
  if (!node) return;
  throw new SessionError(
    `this shell is in the node "${node}" (${NODE_VARIABLE}); use a shell outside the lab`,
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
      `the session "${id}" does not answer at ${socket} (${(error as Error).message}): it is ` +
        "starting or ending; try again",
      { cause: error },
    );
  }
}

function print({ stream, data }: { stream: "stdout" | "stderr"; data: string }): void {
  const bytes = Uint8Array.fromBase64(data);
  for (let at = 0; at < bytes.length;) at += Deno[stream].writeSync(bytes.subarray(at));
}

/** The environment of this process with additional variables, and the system's directories in PATH. */
function environment(additional: Record<string, string>): string[] {
  const set = {
    ...additional,
    PATH: [...new Set([...searchPath(), ...SYSTEM_DIRECTORIES])].join(":"),
  };
  const kept = processEnvironment().filter((entry) =>
    !Object.hasOwn(set, entry.slice(0, entry.indexOf("=")))
  );
  return [...kept, ...Object.entries(set).map(([name, value]) => toByteString(`${name}=${value}`))];
}
