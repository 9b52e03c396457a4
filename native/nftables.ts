import { NetyardError } from "./error.ts";
import { closeFd, closeOnExec, cString, FD_SETSIZE, isOpen, openFd } from "./libc.ts";

/** Descriptors that other threads may open in the meantime. */
const RESERVED = 24;

/** nftables refused a ruleset; the message contains its reason and the ruleset. */
export class RulesetError extends NetyardError {}

const SYMBOLS = {
  nft_ctx_new: { parameters: ["u32"], result: "pointer" },
  nft_ctx_free: { parameters: ["pointer"], result: "void" },
  nft_ctx_buffer_output: { parameters: ["pointer"], result: "i32" },
  nft_ctx_buffer_error: { parameters: ["pointer"], result: "i32" },
  nft_ctx_get_output_buffer: { parameters: ["pointer"], result: "pointer" },
  nft_ctx_get_error_buffer: { parameters: ["pointer"], result: "pointer" },
  nft_run_cmd_from_buffer: { parameters: ["pointer", "buffer"], result: "i32" },
} as const;

type Library = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

let library: Library | null | undefined;

function libnftables(): Library | null {
  if (library !== undefined) return library;
  try {
    library = Deno.dlopen("libnftables.so.1", SYMBOLS).symbols;
  } catch {
    library = null;
  }
  return library;
}

/** What loads rulesets into the kernel on this host; undefined if nothing can. */
export function nftablesBackend(): "libnftables" | "nft" | undefined {
  if (libnftables()) return "libnftables";
  try {
    const { success } = new Deno.Command("nft", { args: ["--version"], stdout: "null" })
      .outputSync();
    return success ? "nft" : undefined;
  } catch {
    return undefined;
  }
}

/** Commands that remove a table, whether it exists or not, in one transaction with what follows them. */
export function withoutTable(family: string, table: string): string {
  return `add table ${family} ${table}\ndelete table ${family} ${table}\n`;
}

/** The text of strerror(3) for EINTR: the kernel aborts a transaction when a signal arrives. */
const INTERRUPTED = "Interrupted system call";
/** More attempts in a row fail only if something is wrong. */
const ATTEMPTS = 1000;

/**
 * Runs nft(8) commands in the network namespace of this thread, as one transaction: all of them or
 * none. Returns their output.
 */
export function nft(commands: string): string {
  const lib = libnftables();
  const run = lib && hasLowDescriptor()
    ? () => runInProcess(lib, commands)
    : () => runNft(commands);
  return repeatInterrupted(run);
}

function repeatInterrupted(run: () => string): string {
  for (let attempt = 1;; attempt++) {
    try {
      return run();
    } catch (error) {
      const interrupted = error instanceof RulesetError && error.message.includes(INTERRUPTED);
      if (!interrupted || attempt === ATTEMPTS) throw error;
    }
  }
}

/** Whether the library can wait for a new socket of its own; if not, it aborts the process. */
function hasLowDescriptor(): boolean {
  const next = openFd("/dev/null");
  closeFd(next);
  return next < FD_SETSIZE - RESERVED;
}

function runInProcess(lib: Library, commands: string): string {
  const context = newContext(lib);
  try {
    return runIn(lib, context, commands);
  } finally {
    lib.nft_ctx_free(context);
  }
}

function newContext(lib: Library): Deno.PointerObject {
  const context = lib.nft_ctx_new(0);
  if (!context) throw new NetyardError("nft_ctx_new() failed: out of memory");
  lib.nft_ctx_buffer_output(context);
  lib.nft_ctx_buffer_error(context);
  return context;
}

function runIn(lib: Library, context: Deno.PointerObject, commands: string): string {
  const failed = lib.nft_run_cmd_from_buffer(context, cString(commands));
  if (failed) throw refused(text(lib.nft_ctx_get_error_buffer(context)), commands);
  return text(lib.nft_ctx_get_output_buffer(context));
}

/**
 * As {@link nft}, by a socket that stays open until the result is disposed. Tables with `flags owner`
 * live as long as that socket, so they go with this process, however it ends (nft(8), since Linux
 * 5.12), and no other process can change them.
 *
 * @throws {NetyardError} If libnftables is not installed: the program nft would own the tables.
 */
export function ownTables(commands: string): Disposable {
  const lib = libnftables();
  if (!lib) {
    throw new NetyardError(
      "libnftables.so.1 cannot be loaded, and tables that end with this process need it; " +
        "install libnftables1 (Debian, Ubuntu) or nftables",
    );
  }
  if (!hasLowDescriptor()) {
    throw new NetyardError(
      `this process has almost ${FD_SETSIZE} descriptors open, and libnftables needs one below ` +
        "that; do this earlier, or make fewer nodes",
    );
  }
  return withoutInheritance(() => {
    const context = newContext(lib);
    try {
      repeatInterrupted(() => runIn(lib, context, commands));
    } catch (error) {
      lib.nft_ctx_free(context);
      throw error;
    }
    let open = true;
    return {
      [Symbol.dispose]() {
        if (open) lib.nft_ctx_free(context);
        open = false;
      },
    };
  });
}

/** Makes children not inherit what `act` opens: it would stay open as long as one of them lives. */
function withoutInheritance<T>(act: () => T): T {
  const free = Array.from({ length: FD_SETSIZE }, (_, fd) => fd).filter((fd) => !isOpen(fd));
  const result = act();
  for (const fd of free) if (isOpen(fd)) closeOnExec(fd);
  return result;
}

// For hosts with the program nft but without the library: six milliseconds instead of one.
function runNft(commands: string): string {
  const { success, stdout, stderr } = new Deno.Command("sh", {
    args: ["-c", 'printf %s "$1" | nft -f -', "sh", commands],
    env: { LC_ALL: "C" },
  }).outputSync();
  if (!success) throw refused(new TextDecoder().decode(stderr), commands);
  return new TextDecoder().decode(stdout);
}

function text(pointer: Deno.PointerValue): string {
  return pointer ? new Deno.UnsafePointerView(pointer).getCString() : "";
}

function refused(reason: string, commands: string): RulesetError {
  const numbered = commands.split("\n").map((line, i) => `${i + 1}: ${line}`).join("\n");
  return new RulesetError(`nftables refused a ruleset: ${reason.trim()}\n${numbered}`);
}
