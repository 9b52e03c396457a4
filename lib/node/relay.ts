import type { Host } from "./host.ts";

/**
 * Passes a child's output on and writes it to the node's log on the way: to
 * the terminal where it was to be inherited, else to whoever reads the stream.
 */
export function relay(
  child: Deno.ChildProcess,
  asked: Deno.CommandOptions,
  host: Host,
): Deno.ChildProcess {
  const tap = (kind: "stdout" | "stderr") =>
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        host.log(kind, chunk);
        controller.enqueue(chunk);
      },
    });
  const streams: Partial<Record<"stdout" | "stderr", ReadableStream<Uint8Array<ArrayBuffer>>>> = {};
  const drained: Promise<void>[] = [];
  for (const kind of ["stdout", "stderr"] as const) {
    if (asked[kind] === "null") continue;
    const tapped = child[kind].pipeThrough(tap(kind));
    if (asked[kind] === "piped") {
      streams[kind] = tapped;
    } else {
      const target = Deno[kind].writable;
      drained.push(tapped.pipeTo(target, { preventClose: true }).catch(() => {}));
    }
  }
  // What was printed is on the terminal and in the log by the time the status is known.
  const status = child.status.then(async (value) => {
    await Promise.all(drained);
    return value;
  });
  const read = async (kind: "stdout" | "stderr") =>
    streams[kind] ? new Uint8Array(await new Response(streams[kind]).arrayBuffer()) : undefined;
  return new Proxy(child, {
    get(target, key) {
      if (key === "status") return status;
      if ((key === "stdout" || key === "stderr") && streams[key]) return streams[key];
      if (key === "output") {
        return async () => {
          const [ended, stdout, stderr] = await Promise.all([
            status,
            read("stdout"),
            read("stderr"),
          ]);
          const none = new Uint8Array();
          return { ...ended, stdout: stdout ?? none, stderr: stderr ?? none };
        };
      }
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
