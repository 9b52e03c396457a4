import { z } from "zod";
import { NetyardError } from "../../../native/error.ts";
import { pathExists, readFileText, readLink, SyscallError } from "../../../native/libc.ts";
import { writeAtomically } from "../../files/atomic.ts";
import { nearest } from "../../options/nearest.ts";
import { sessionDirectory } from "./session_directory.ts";

/** There is no lab that is kept up, or none of that name, or more than one. */
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

/** A lab that is kept up by a process, for others to enter its nodes. */
export type Session = z.infer<typeof schema>;

/** A node of it. */
export type SessionNode = Session["nodes"][number];

/** What a session is before it is noted. */
export type NewSession = Pick<Session, "label" | "file" | "nodes">;

/** Room for the rest of a socket's path, which the kernel limits to 107 bytes (unix(7)). */
const ID_LABEL = 20;

/** What a new session of this process is called, and where; nothing is written yet. */
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

/** Notes a session for others to find; whole at any moment, and gone when it is disposed. */
export async function noteSession(directory: string, session: Session): Promise<AsyncDisposable> {
  const text = JSON.stringify(session) + "\n";
  await writeAtomically(`${directory}/${session.id}.json`, text, 0o600);
  return { [Symbol.asyncDispose]: () => forget(directory, session.id) };
}

/** The sessions whose process is there, the oldest first. What others left behind is removed. */
export async function sessions(directory?: string): Promise<Session[]> {
  const where = directory ?? await sessionDirectory();
  const found: Session[] = [];
  for await (const { name } of Deno.readDir(where)) {
    // Whoever was killed while it noted a session has left the beginning of a name.
    if (!/\.json(\.\w+\.tmp)?$/.test(name)) continue;
    const session = await read(`${where}/${name}`);
    // Where processes have other numbers, as in a node, nothing is known of it.
    if (session === undefined || session.processes !== processNamespace()) continue;
    if (startTimeOf(session.pid) !== session.startTime) await forget(where, session.id, name);
    else if (!name.startsWith(".")) found.push(session);
  }
  return found.sort((a, b) => a.startedAt < b.startedAt ? -1 : 1);
}

/**
 * The session that is meant: the one that is named, or else the only one.
 *
 * @throws {SessionError} If it is not there, or there are several.
 */
export function chooseSession(all: readonly Session[], id: string | undefined): Session {
  const list = all.map((session) => `\n  ${session.id}  ${session.file}`).join("");
  if (all.length === 0) {
    throw new SessionError(
      `no lab is kept up${
        id === undefined ? "" : `, so there is no session "${id}"`
      }: start one in another shell by \`netyard inspect FILE\`, as the same user`,
    );
  }
  const session = id === undefined ? all[0] : all.find((each) => each.id === id);
  if (session === undefined) {
    const meant = nearest(id!, all.map((each) => each.id));
    const question = meant === undefined ? "" : ` Did you mean "${meant}"?`;
    throw new SessionError(`there is no session "${id}".${question} There are:${list}`);
  }
  if (id === undefined && all.length > 1) {
    throw new SessionError(
      `${all.length} labs are kept up; choose one by --session, or by NETYARD_SESSION:${list}`,
    );
  }
  return session;
}

/**
 * The node that is meant.
 *
 * @throws {SessionError} If the lab has none of that name.
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
    // Gone meanwhile, or of another version, whose process knows best what to do with it.
    const gone = error instanceof Deno.errors.NotFound;
    if (gone || error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}

/** Removes the files of a session; `file` is the one that it was read from. */
async function forget(directory: string, id: string, file = `${id}.json`): Promise<void> {
  for (const name of new Set([file, `${id}.json`, `${id}.sock`])) {
    try {
      await Deno.remove(`${directory}/${name}`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** Which processes this one sees: their numbers are those of a namespace (pid_namespaces(7)). */
function processNamespace(): string {
  return readLink("/proc/self/ns/pid");
}

/** When a process started, in ticks since boot: with it, a number that was given again is noticed. */
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
