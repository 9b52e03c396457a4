/** Runs `netyard run` as a process with its own session, so that tests find all processes that it leaves. */
import { assert } from "@std/assert";
import { INCONCLUSIVE } from "../../../lib/cli/run/exit_codes.ts";
import { readFileText } from "../../../native/libc.ts";

const MAIN = new URL("../../../lib/cli/main.ts", import.meta.url).pathname;
const CONFIG = new URL("../../../deno.json", import.meta.url).pathname;
const MARK = "NETYARD_TEST_MARK";
const DEADLINE_MS = 30_000;
// Init may have to kill processes that ignore all other signals, on a busy machine.
const GONE_MS = 5_000;

/** Checks that simulations failed, on a host that may be busy with other tests. */
export function assertFailed(code: number, text: string): void {
  assert(code === 1 || code === INCONCLUSIVE, `exit code ${code}\n${text}`);
}

/** How the command is started. */
export interface RealRunOptions {
  /** A program and its arguments that start it. */
  before?: readonly string[];
  env?: Record<string, string>;
}

/** A directory with a simulation, and the `netyard` processes that are started in it. */
export class RealRun implements AsyncDisposable {
  readonly directory: string;
  /** Its text on both outputs so far. */
  text = "";
  readonly #mark = crypto.randomUUID();
  readonly #child: Deno.ChildProcess;
  readonly #deadline: ReturnType<typeof setTimeout>;
  readonly #read: Promise<unknown>;
  #heard: PromiseWithResolvers<void> = Promise.withResolvers();
  #isOver = false;

  private constructor(
    directory: string,
    args: readonly string[],
    { before = [], env = {} }: RealRunOptions,
  ) {
    this.directory = directory;
    const [program, ...rest] = [
      ...before,
      Deno.execPath(),
      ...["run", "-A", "--no-check", "--cached-only", "--config", CONFIG, MAIN],
      ...args,
    ];
    this.#child = new Deno.Command(program, {
      args: rest,
      cwd: directory,
      env: { NO_COLOR: "1", TMPDIR: `${directory}/tmp`, ...env, [MARK]: this.#mark },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
    this.#deadline = setTimeout(() => this.signalGroup("SIGKILL"), DEADLINE_MS);
    this.#read = Promise.all([this.#child.stdout, this.#child.stderr].map(async (stream) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) {
        this.text += text;
        this.#tell();
      }
    })).then(() => {
      this.#isOver = true;
      this.#tell();
    });
  }

  /** Starts `netyard` with these arguments, in a directory with the simulation `sim.toml`. */
  static async start(
    toml: string,
    args: readonly string[] = ["run", "sim.toml"],
    options: RealRunOptions = {},
  ): Promise<RealRun> {
    const directory = await Deno.realPath(await Deno.makeTempDir());
    await Deno.mkdir(`${directory}/tmp`);
    await Deno.writeTextFile(`${directory}/sim.toml`, toml);
    return new RealRun(directory, args, options);
  }

  /** Its process. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Resolves when its output has a text. */
  async says(text: string): Promise<void> {
    while (!this.text.includes(text)) {
      if (this.#isOver) throw new Error(`it ended without ${JSON.stringify(text)}:\n${this.text}`);
      await this.#heard.promise;
    }
  }

  /** Sends it a signal. */
  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Sends a signal to its process group, as a terminal does. */
  signalGroup(signal: Deno.Signal): void {
    try {
      Deno.kill(-this.#child.pid, signal);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error; // all have ended
    }
  }

  /** Its exit code, once it has ended, even if other processes still have its outputs open. */
  async ends(): Promise<number> {
    const { code } = await this.#child.status;
    await this.#read;
    return code;
  }

  /** Reads a JSON file of its run. */
  async output(path: string): Promise<Record<string, unknown>> {
    return JSON.parse(
      await Deno.readTextFile(`${this.directory}/.netyard-work/latest/${path}`),
    );
  }

  /** The processes that it has left after some time, and the files in its temporary directory. */
  async leftovers(): Promise<string[]> {
    const deadline = performance.now() + GONE_MS;
    for (;;) {
      const left = [...this.processes(), ...this.#files()];
      if (left.length === 0 || performance.now() > deadline) return left;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** The command lines of itself and all processes that it has started, by their PIDs. */
  processes(): string[] {
    const found: string[] = [];
    for (const name of processIds()) {
      try {
        const stat = readFileText(`/proc/${name}/stat`);
        const [state, , , session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        const isOurs = Number(session) === this.pid ||
          readFileText(`/proc/${name}/environ`).includes(this.#mark);
        if (!isOurs || state === "Z" || state === "X") continue;
        found.push(`${name} ${readFileText(`/proc/${name}/cmdline`).replaceAll("\0", " ")}`);
      } catch {
        // It has ended meanwhile.
      }
    }
    return found;
  }

  #files(): string[] {
    return Array.from(Deno.readDirSync(`${this.directory}/tmp`), ({ name }) => `tmp/${name}`);
  }

  #tell(): void {
    this.#heard.resolve();
    this.#heard = Promise.withResolvers();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signalGroup("SIGKILL");
    await this.#child.status;
    await this.#read;
    clearTimeout(this.#deadline);
    await Deno.remove(this.directory, { recursive: true });
  }
}

/** The status of all processes, which Deno does not let tests list. */
function processIds(): string[] {
  const { stdout } = new Deno.Command("ls", { args: ["/proc"] }).outputSync();
  return new TextDecoder().decode(stdout).split("\n").filter((name) => /^\d+$/.test(name));
}
