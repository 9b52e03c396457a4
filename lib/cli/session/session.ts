/**
 * The commands on one lab: `inspect` keeps one running, `run-in` enters its nodes from another process,
 * `shell` has one in a TypeScript prompt, and `topology` draws one. A session is a running lab that other
 * processes find by its record in a directory. Imports `../command`. Begin here.
 *
 * @module
 */
import { z } from "zod";
import { NetyardError } from "../../../native/error.ts";
import { pathExists, readFileText, readLink, SyscallError } from "../../../native/libc.ts";
import { writeAtomically } from "../../files/atomic.ts";
import { nearest } from "../../options/nearest.ts";
import { sessionDirectory } from "./session_directory.ts";

/** No lab is running, or none with the requested ID, or several without a requested ID. */
export class SessionError extends NetyardError {}

const schema = z.object({
  version: z.literal(1),
  id: z.string(),
  pid: z.int(),
  startTime: z.string(),
  processes: z.string(),
  label: z.string(),
  file: z.string(),
  startedAt: z.string(),
  socket: z.string(),
  nodes: z.array(z.object({
    name: z.string(),
    kind: z.enum(["exchange", "region", "router", "device", "vm"]),
  })),
});

/** A lab that a process keeps running, so that other processes can enter its nodes. */
export type Session = z.infer<typeof schema>;

/** A node of a session. */
export type SessionNode = Session["nodes"][number];

/** The properties of a new session that its lab decides. */
export type NewSession = Pick<Session, "label" | "file" | "nodes">;

/** The longest label in an ID: the kernel limits the path of a socket to 107 bytes (unix(7)). */
const ID_LABEL = 20;

/** Creates the record of a new session of this process; writes nothing. */
export function newSession(
  directory: string,
  { label, file, nodes }: NewSession,
): Session {
  const word = label.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, ID_LABEL);
  const number = crypto.getRandomValues(new Uint16Array(1))[0].toString(16).padStart(4, "0");
  const id = `${word.replace(/^-+|-+$/g, "") || "lab"}-${number}`;
  return {
    version: 1,
    id,
    pid: Deno.pid,
    startTime: startTimeOf(Deno.pid) ?? "",
    processes: processNamespace(),
    label,
    file,
    startedAt: new Date().toISOString(),
    socket: `${directory}/${id}.sock`,
    nodes,
  };
}

/** Writes the record of a session for other processes, atomically; disposing removes it. */
export async function registerSession(
  directory: string,
  session: Session,
): Promise<AsyncDisposable> {
  const text = JSON.stringify(session) + "\n";
  await writeAtomically(`${directory}/${session.id}.json`, text, 0o600);
  return { [Symbol.asyncDispose]: () => unregister(directory, session.id) };
}

/** Lists the sessions whose process runs, the oldest first. Removes those of dead processes. */
export async function sessions(directory?: string): Promise<Session[]> {
  const where = directory ?? await sessionDirectory();
  const found: Session[] = [];
  for await (const { name } of Deno.readDir(where)) {
    // A process that was killed while it wrote a record has left its temporary file.
    if (!/\.json(\.\w+\.tmp)?$/.test(name)) continue;
    const session = await read(`${where}/${name}`);
    // In another PID namespace, as in a node, the process cannot be checked.
    if (session === undefined || session.processes !== processNamespace()) continue;
    if (startTimeOf(session.pid) !== session.startTime) await unregister(where, session.id, name);
    else if (!name.startsWith(".")) found.push(session);
  }
  return found.sort((a, b) => a.startedAt < b.startedAt ? -1 : 1);
}

/**
 * Finds a session: the one with the requested ID, or the only one.
 *
 * @throws {SessionError} there is none, or there are several and no ID is requested
 */
export function chooseSession(all: readonly Session[], id: string | undefined): Session {
  const list = all.map((session) => `\n  ${session.id}  ${session.file}`).join("");
  if (all.length === 0) {
    throw new SessionError(
      `no lab is running${
        id === undefined ? "" : `, so there is no session "${id}"`
      }; start one with \`netyard inspect FILE\` in another shell, as the same user`,
    );
  }
  const session = id === undefined ? all[0] : all.find((each) => each.id === id);
  if (session === undefined) {
    const meant = nearest(id!, all.map((each) => each.id));
    const question = meant === undefined ? "" : ` Did you mean "${meant}"?`;
    throw new SessionError(`there is no session "${id}".${question} The sessions are:${list}`);
  }
  if (id === undefined && all.length > 1) {
    throw new SessionError(
      `${all.length} labs are running; choose one with --session or NETYARD_SESSION:${list}`,
    );
  }
  return session;
}

/**
 * Finds a node of a session by name.
 *
 * @throws {SessionError} the lab has no such node
 */
export function chooseNode(session: Session, name: string): SessionNode {
  const node = session.nodes.find((each) => each.name === name);
  if (node) return node;
  const names = session.nodes.map((each) => each.name);
  const meant = nearest(name, names);
  const question = meant === undefined ? "" : `; did you mean "${meant}"?`;
  throw new SessionError(
    `the lab "${session.label}" has no node "${name}"; it has: ${names.join(", ")}${question}`,
  );
}

async function read(path: string): Promise<Session | undefined> {
  try {
    return schema.parse(JSON.parse(await Deno.readTextFile(path)));
  } catch (error) {
    // It was removed meanwhile, or another version wrote it, which will remove it.
    const gone = error instanceof Deno.errors.NotFound;
    if (gone || error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}

/** Removes the files of a session; `file` is the one that it was read from. */
async function unregister(directory: string, id: string, file = `${id}.json`): Promise<void> {
  for (const name of new Set([file, `${id}.json`, `${id}.sock`])) {
    try {
      await Deno.remove(`${directory}/${name}`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** The PID namespace of this process, in which its PIDs are valid (pid_namespaces(7)). */
function processNamespace(): string {
  return readLink("/proc/self/ns/pid");
}

/** The start of a process, in ticks since boot; it tells apart two processes with the same PID. */
export function startTimeOf(pid: number): string | undefined {
  const path = `/proc/${pid}/stat`;
  if (!pathExists(path)) return undefined;
  try {
    // "pid (name) state ...": the name may have spaces and brackets; this is field 22.
    const fields = readFileText(path).replace(/^.*\) /s, "").split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch (error) {
    if (error instanceof SyscallError) return undefined; // It has just ended.
    throw error;
  }
}
