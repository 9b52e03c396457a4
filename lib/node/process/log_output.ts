import type { OutputKind as Kind, ProgramOutput } from "./host.ts";

const KINDS = ["stdout", "stderr"] as const;
type Bytes = Uint8Array<ArrayBuffer>;

/** The capacity of a pipe (pipe(7)): a child whose output nobody reads is logged up to this. */
const PIPE_BYTES = 65_536;

/** Returns options with pipes in place of inherited output, so that it can be logged. */
export function pipedWhereInherited(options: Deno.CommandOptions): Deno.CommandOptions {
  const piped = Object.fromEntries(
    KINDS.filter((kind) => options[kind] === "inherit").map((kind) => [kind, "piped"]),
  );
  return { ...options, ...piped };
}

/** Writes all of a chunk to this process's own stdout or stderr. */
export function writeAllSync(kind: Kind, chunk: Uint8Array): void {
  for (let done = 0; done < chunk.length;) done += Deno[kind].writeSync(chunk.subarray(done));
}

/**
 * Logs the output of a child and passes it on: to the terminal if it was inherited, else to the reader of
 * the stream.
 */
export function relay(
  child: Deno.ChildProcess,
  requested: Deno.CommandOptions,
  { output, track }: {
    output(kind: Kind): ProgramOutput;
    track(work: Promise<unknown>): void;
  },
): Deno.ChildProcess {
  const streams: Partial<Record<Kind, ReadableStream<Bytes>>> = {};
  const printed: Promise<void>[] = [];
  for (const kind of KINDS) {
    if (requested[kind] === "piped") {
      streams[kind] = tap(child[kind], output(kind));
    }
    if (requested[kind] === "inherit") printed.push(print(child[kind], kind, output(kind)));
  }
  // What was printed is on the terminal and in the log by the time the status is known.
  const status = Promise.all([child.status, ...printed]).then(([status]) => status);
  track(status);
  const replaced: Record<PropertyKey, unknown> = {
    status,
    output: () => collect(status, streams),
    [Symbol.asyncDispose]: async () => {
      await child[Symbol.asyncDispose]();
      await status;
    },
  };
  return new Proxy(child, {
    get(target, key) {
      if (Object.hasOwn(replaced, key)) return replaced[key];
      if (key === "stdout" || key === "stderr") return streams[key] ?? notPiped(key);
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function tap(
  stream: ReadableStream<Bytes>,
  output: ProgramOutput,
): ReadableStream<Bytes> {
  const tapped = stream.pipeThrough(
    new TransformStream<Bytes, Bytes>(
      {
        // A slow disk slows the child down: the queue of the log must not fill the memory.
        async transform(chunk, controller) {
          await output.write(chunk);
          controller.enqueue(chunk);
        },
        flush: () => output.end(),
      },
      undefined,
      new ByteLengthQueuingStrategy({ highWaterMark: PIPE_BYTES }),
    ),
  );
  // A child's streams have these too.
  const body = () => new Response(tapped);
  return Object.assign(tapped, {
    arrayBuffer: () => body().arrayBuffer(),
    bytes: () => body().bytes(),
    json: () => body().json(),
    text: () => body().text(),
  });
}

async function print(
  stream: ReadableStream<Bytes>,
  kind: Kind,
  output: ProgramOutput,
): Promise<void> {
  for await (const chunk of stream) {
    await output.write(chunk);
    writeAllSync(kind, chunk);
  }
  output.end();
}

async function collect(
  status: Promise<Deno.CommandStatus>,
  streams: Partial<Record<Kind, ReadableStream<Bytes>>>,
): Promise<Deno.CommandOutput> {
  const read = async (kind: Kind) =>
    streams[kind] && new Uint8Array(await new Response(streams[kind]).arrayBuffer());
  const [ended, stdout, stderr] = await Promise.all([status, read("stdout"), read("stderr")]);
  return {
    ...ended,
    get stdout() {
      return stdout ?? notPiped("stdout");
    },
    get stderr() {
      return stderr ?? notPiped("stderr");
    },
  };
}

function notPiped(kind: Kind): never {
  throw new TypeError(`Cannot get '${kind}': '${kind}' is not piped`);
}
