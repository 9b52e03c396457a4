const MAIN = new URL("../../../lib/cli/main.ts", import.meta.url).pathname;
const READY_MS = 60_000;

/** A server on the open internet and a laptop behind a home router. */
export const CITY = `[[router]]
name = "dc"
preset = "public"

[[router]]
name = "home"
preset = "home"

[device.server.eth0]
gateway = "dc"

[device.laptop.eth0]
gateway = "home"
`;

/** The exit code and the output of a command. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** How a test runs the command: as this user, or as another one. */
export interface Runner {
  /** The runtime directory, in which sessions are registered. */
  runtimeDirectory: string;
  spawn(args: string[], options: { stdin: "piped" | "null" }): Deno.ChildProcess;
}

/** This user, with a separate directory for sessions. */
export class OwnRunner implements Runner, AsyncDisposable {
  private constructor(readonly runtimeDirectory: string) {}

  static async create(): Promise<OwnRunner> {
    const directory = await Deno.makeTempDir();
    await Deno.chmod(directory, 0o700);
    return new OwnRunner(directory);
  }

  spawn(args: string[], { stdin }: { stdin: "piped" | "null" }): Deno.ChildProcess {
    return new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", MAIN, ...args],
      env: { XDG_RUNTIME_DIR: this.runtimeDirectory, NO_COLOR: "1", NETYARD_SESSION: "" },
      stdin,
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.runtimeDirectory, { recursive: true });
  }
}

/** Runs a command to its end. */
export async function netyard(runner: Runner, args: string[], stdin?: string): Promise<Outcome> {
  const child = runner.spawn(args, { stdin: stdin === undefined ? "null" : "piped" });
  if (stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin));
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** A lab that `netyard inspect` keeps running in another process. */
export class KeptLab implements AsyncDisposable {
  readonly #runner: Runner;
  readonly #child: Deno.ChildProcess;
  readonly #rest: Promise<string>;
  /** Its output until it was ready. */
  readonly printed: string;
  /** The ID of the session. */
  readonly id: string;

  private constructor(
    runner: Runner,
    child: Deno.ChildProcess,
    printed: string,
    rest: Promise<string>,
  ) {
    this.#runner = runner;
    this.#child = child;
    this.printed = printed;
    this.id = /session (\S+)\./.exec(printed)![1];
    this.#rest = rest;
  }

  /** Starts `inspect` with these arguments, and waits until the lab is ready. */
  static async start(runner: Runner, args: string[]): Promise<KeptLab> {
    const child = runner.spawn(["inspect", ...args], { stdin: "null" });
    const stderr = new Response(child.stderr).text();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const timer = setTimeout(() => child.kill("SIGKILL"), READY_MS);
    let printed = "";
    while (!printed.includes("Ctrl-C ends the lab.\n")) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`inspect did not become ready: ${printed}${await stderr}`);
      printed += value;
    }
    clearTimeout(timer);
    const rest = (async () => {
      let text = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return text + await stderr;
        text += value;
      }
    })();
    return new KeptLab(runner, child, printed, rest);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Runs `run-in`. */
  runIn(args: string[], stdin?: string): Promise<Outcome> {
    return netyard(this.#runner, ["run-in", ...args], stdin);
  }

  /** Ends it with a signal, and returns its exit code and its output since it was ready. */
  async end(
    signal: Deno.Signal = "SIGINT",
  ): Promise<{ code: number; signal: Deno.Signal | null; said: string }> {
    this.#child.kill(signal);
    const { code, signal: ended } = await this.#child.status;
    return { code, signal: ended, said: await this.#rest };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended.
    }
    await this.#child.status;
    await this.#rest;
  }
}

/** The number of processes of this host in a namespace, such as `net:[4026531840]`. */
export async function processesIn(namespace: string): Promise<number> {
  const kind = namespace.split(":")[0];
  const script = `for p in /proc/[0-9]*; do readlink $p/ns/${kind}; done`;
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script], stderr: "null" })
    .output();
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line === namespace).length;
}
