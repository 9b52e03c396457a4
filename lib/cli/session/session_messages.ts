import type { NodeEntry } from "../../node/entry.ts";

/** What is asked of the process that keeps a lab up, one line of JSON. */
export interface SessionRequest {
  node: string;
  /** What is to run there; empty for a shell. */
  command: string[];
}

/** What it answers, one line of JSON each. */
export type SessionReply =
  /** Whoever asked runs the command itself, inside. */
  | { kind: "enter"; entry: NodeEntry; env: Record<string, string> }
  /** The command runs in a virtual machine; what it prints, as base64. */
  | { kind: "output"; stream: "stdout" | "stderr"; data: string }
  | { kind: "exit"; code: number }
  | { kind: "refused"; message: string };

/** Messages of one JSON value a line. */
export async function* messagesOf<T>(stream: ReadableStream<Uint8Array>): AsyncGenerator<T> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream() as Decoder)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield JSON.parse(line) as T;
  }
}

type Decoder = ReadableWritablePair<string, Uint8Array>;

/** A message as it is sent. */
export function messageBytes(message: SessionRequest | SessionReply): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(message) + "\n");
}
