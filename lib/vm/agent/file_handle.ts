import { GuestAgentError, GuestFileError } from "../options/errors.ts";
import type { GuestContext } from "./guest_context.ts";

/** A file that the agent has opened. */
export interface FileHandle {
  readonly path: string;
  /** Reads on, at most `count` bytes. */
  read(count: number): Promise<{ bytes: Uint8Array<ArrayBuffer>; eof: boolean }>;
  /** Writes all bytes. */
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Opens a file with a mode of fopen(3); `what` is the call, for messages: `nas: readFile("/x")`. */
export async function openFile(
  context: GuestContext,
  path: string,
  mode: "r" | "r+" | "w" | "w+",
  what: string,
): Promise<FileHandle> {
  const { agent } = context;
  const explain = (error: unknown) => fileError(error, path, what);
  const handle = await agent.call("guest-file-open", { path, mode }, { what }).catch(explain);
  return {
    path,
    async read(count) {
      const answer = await agent.call("guest-file-read", { handle, count }, { what }).catch(
        explain,
      );
      return { bytes: Uint8Array.fromBase64(answer["buf-b64"]), eof: answer.eof };
    },
    async write(bytes) {
      for (let at = 0; at < bytes.length;) {
        const data = bytes.subarray(at).toBase64();
        const { count } = await agent.call("guest-file-write", { handle, "buf-b64": data }, {
          what,
        })
          .catch(explain);
        if (count <= 0) throw new GuestFileError(`${what}: the guest accepts no more data`, path);
        at += count;
      }
    },
    async close() {
      // This writes the agent's buffer, which can fail as a write does.
      await agent.call("guest-file-close", { handle }, { what }).catch(explain);
    },
  };
}

/** The agent's descriptions, which end in the text of strerror(3), and their meaning for a caller. */
const MEANINGS: readonly [pattern: RegExp, meaning: string][] = [
  [/No such file or directory/, "there is no such file or directory in the guest"],
  [/Is a directory/, "it is a directory"],
  [/Not a directory/, "a part of the path is not a directory"],
  [/No space left on device/, "the guest's disk is full"],
  [/Read-only file system/, "it is on a read-only file system of the guest"],
  [/Permission denied|Operation not permitted/, "the guest's kernel does not permit it"],
];

/** Whether an error says that there is no such file. */
export function isMissing(error: unknown): boolean {
  return error instanceof GuestFileError && error.cause instanceof GuestAgentError &&
    /No such file or directory/.test(error.cause.desc ?? "");
}

function fileError(error: unknown, path: string, what: string): never {
  // Without a description the agent itself failed.
  if (!(error instanceof GuestAgentError) || error.desc === undefined) throw error;
  const { desc } = error;
  const meaning = MEANINGS.find(([pattern]) => pattern.test(desc))?.[1] ?? desc;
  throw new GuestFileError(`${what}: ${meaning}`, path, { cause: error });
}
