import type { NodeEntry } from "../../node/entry.ts";

/** A request to the process that keeps a lab running, one line of JSON. */
export interface SessionRequest {
  node: string;
  /** The command to run there; empty for a shell. */
  command: string[];
}

/** A reply, one line of JSON. */
export type SessionReply =
  /** The client enters the node and runs the command. */
  | { kind: "enter"; entry: NodeEntry; env: Record<string, string> }
  /** Output of the command in a virtual machine, as base64. */
  | { kind: "output"; stream: "stdout" | "stderr"; data: string }
  | { kind: "exit"; code: number }
  | { kind: "refused"; message: string };

/** Parses messages, one JSON value per line. */
export async function* messagesOf<T>(stream: ReadableStream<Uint8Array>): AsyncGenerator<T> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream() as Decoder)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield JSON.parse(line) as T;
  }
}

type Decoder = ReadableWritablePair<string, Uint8Array>;

/** Encodes a message. */
export function messageBytes(message: SessionRequest | SessionReply): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(message) + "\n");
}
