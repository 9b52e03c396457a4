/**
 * This process and its children: arguments and PATH (here), capabilities, the restart as root of a
 * user namespace (`userns.ts` plans, `reexec.ts` acts), signals, pipes, priorities, and threads that
 * enter a node (`enter_node.ts`). Imports `libc` and `netlink` of `native`. Begin here.
 *
 * @module
 */

import { check, cString, libc, pathExists, readFileBytes, readLink } from "../libc.ts";

/**
 * An argument or a variable of the environment as a byte string: each character is one byte. Neither
 * needs to be UTF-8, and another process must get them unchanged.
 */
export type ByteString = string;

/** The directories of system tools that an ordinary user's PATH often lacks: tc and nft on Debian. */
export const SYSTEM_DIRECTORIES: readonly string[] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

const X_OK = 1;
// The default of execvp(3) when PATH is not set.
const DEFAULT_PATH = "/bin:/usr/bin";

/** Splits the NUL-terminated records of a `/proc/<pid>/cmdline` or `environ`. */
export function splitRecords(bytes: Uint8Array): ByteString[] {
  const records: ByteString[] = [];
  for (let at = 0; at < bytes.length;) {
    const nul = bytes.indexOf(0, at);
    const end = nul < 0 ? bytes.length : nul;
    records.push(Array.from(bytes.subarray(at, end), (b) => String.fromCharCode(b)).join(""));
    at = end + 1;
  }
  return records;
}

/** Converts a text to a byte string. */
export function toByteString(text: string): ByteString {
  return Array.from(new TextEncoder().encode(text), (b) => String.fromCharCode(b)).join("");
}

function bytesOf(text: ByteString): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** The arguments of this process, the program's name first. */
export function processArguments(): ByteString[] {
  return splitRecords(readFileBytes("/proc/self/cmdline"));
}

/** The environment at the start of this process, as `NAME=value`. */
export function processEnvironment(): ByteString[] {
  return splitRecords(readFileBytes("/proc/self/environ"));
}

/** The executable of this process, with links resolved. */
export function processExecutable(): string {
  return readLink("/proc/self/exe");
}

/** The directories of PATH, at this time. */
export function searchPath(): string[] {
  const path = Deno.permissions.querySync({ name: "env", variable: "PATH" }).state === "granted"
    ? Deno.env.get("PATH")
    : startingPath();
  return (path ?? DEFAULT_PATH).split(":").filter((directory) => directory !== "");
}

/**
 * A PATH with the system's directories and without those that this user may not search: some libraries
 * stop at the first of these.
 */
export function openSearchPath(): string {
  const all = new Set([...searchPath(), ...SYSTEM_DIRECTORIES]);
  return [...all].filter((directory) => pathExists(`${directory}/.`)).join(":");
}

function startingPath(): string | undefined {
  const entry = processEnvironment().find((variable) => variable.startsWith("PATH="));
  return entry && new TextDecoder().decode(bytesOf(entry.slice("PATH=".length)));
}

/** Finds the file of a command; undefined if no directory has it. Needs only `--allow-ffi`. */
export function findProgram(
  name: string,
  directories: readonly string[] = searchPath(),
): string | undefined {
  return directories.map((directory) => `${directory}/${name}`).find((path) =>
    // A directory is executable too, but only its name exists with a slash at the end.
    libc().access(cString(path), X_OK) === 0 && !pathExists(`${path}/`)
  );
}

const SIGPIPE = 13;
const SIG_DFL = 0n;
const SIG_IGN = 1n;

/**
 * Replaces this process by another program; the process ID, the standard streams, the working directory
 * and the terminal stay. All threads end, also when several of them call this at the same time.
 *
 * @throws {SyscallError} If the kernel refuses. Otherwise it does not return.
 *
 * Source: execve(2).
 */
export function replaceProcess(
  program: string,
  argv: readonly ByteString[],
  environment: readonly ByteString[],
): never {
  // The tables contain plain pointers, so the strings must outlive the call.
  const strings: Uint8Array<ArrayBuffer>[] = [];
  const table = (entries: readonly ByteString[]) => {
    const pointers = new BigUint64Array(entries.length + 1);
    entries.forEach((entry, i) => {
      const bytes = bytesOf(`${entry}\0`);
      strings.push(bytes);
      pointers[i] = Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
    });
    return new Uint8Array(pointers.buffer);
  };
  // Deno ignores it, and the new program would too: `yes | head -1` would end with an error.
  libc().signal(SIGPIPE, SIG_DFL);
  const failed = libc().execve(cString(program), table(argv), table(environment));
  libc().signal(SIGPIPE, SIG_IGN);
  check(failed, "execve", program, `${strings.length} strings`);
  throw new Error("unreachable: execve returned without an error");
}
