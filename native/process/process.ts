import { check, cString, libc, pathExists, readFileBytes, readLink } from "../libc.ts";

/**
 * What the process was started with, as byte strings: each character is one
 * byte. Neither arguments nor variables need to be UTF-8, and whoever passes
 * them on must not change them.
 */
export type ByteString = string;

/** Where system tools are that an ordinary user's PATH often lacks: tc and nft on Debian. */
export const SYSTEM_DIRECTORIES: readonly string[] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

const X_OK = 1;
// What execvp(3) takes when PATH is not set.
const DEFAULT_PATH = "/bin:/usr/bin";

/** Takes the NUL-terminated records of a `/proc/<pid>/cmdline` or `environ` apart. */
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

/** A text as a byte string. */
export function toByteString(text: string): ByteString {
  return Array.from(new TextEncoder().encode(text), (b) => String.fromCharCode(b)).join("");
}

function bytesOf(text: ByteString): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** The arguments that this process was started with, the program's name first. */
export function processArguments(): ByteString[] {
  return splitRecords(readFileBytes("/proc/self/cmdline"));
}

/** The environment that this process was started with, as `NAME=value`. */
export function processEnvironment(): ByteString[] {
  return splitRecords(readFileBytes("/proc/self/environ"));
}

/** The file that this process runs, links resolved. */
export function processExecutable(): string {
  return readLink("/proc/self/exe");
}

/** The directories in which commands are looked up now. */
export function searchPath(): string[] {
  const path = Deno.permissions.querySync({ name: "env", variable: "PATH" }).state === "granted"
    ? Deno.env.get("PATH")
    : startingPath();
  return (path ?? DEFAULT_PATH).split(":").filter((directory) => directory !== "");
}

/**
 * A PATH for whoever stops at the first directory that may not be searched, as libraries do that
 * know "not found" alone, with the system's directories.
 */
export function openSearchPath(): string {
  const all = new Set([...searchPath(), ...SYSTEM_DIRECTORIES]);
  return [...all].filter((directory) => pathExists(`${directory}/.`)).join(":");
}

function startingPath(): string | undefined {
  const entry = processEnvironment().find((variable) => variable.startsWith("PATH="));
  return entry && new TextDecoder().decode(bytesOf(entry.slice("PATH=".length)));
}

/**
 * The file of a command, or undefined where no directory has it. It needs no
 * Deno permission but `--allow-ffi`.
 */
export function findProgram(
  name: string,
  directories: readonly string[] = searchPath(),
): string | undefined {
  return directories.map((directory) => `${directory}/${name}`).find((path) =>
    // A directory may be "executed" too; only its name still exists with a slash behind.
    libc().access(cString(path), X_OK) === 0 && !pathExists(`${path}/`)
  );
}

const SIGPIPE = 13;
const SIG_DFL = 0n;
const SIG_IGN = 1n;

/**
 * Replaces this process by another program; the process id, the open standard
 * streams, the working directory and the terminal stay. All threads end, also
 * when several of them call this at once.
 *
 * @throws {SyscallError} when the kernel refuses. It does not return otherwise.
 *
 * Source: execve(2).
 */
export function replaceProcess(
  program: string,
  argv: readonly ByteString[],
  environment: readonly ByteString[],
): never {
  // The tables hold bare pointers, so the strings must outlive the call.
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
  // Deno ignores it, and what is ignored stays so: `yes | head -1` would end with an error.
  libc().signal(SIGPIPE, SIG_DFL);
  const failed = libc().execve(cString(program), table(argv), table(environment));
  libc().signal(SIGPIPE, SIG_IGN);
  check(failed, "execve", program, `${strings.length} strings`);
  throw new Error("unreachable: execve returned without an error");
}
