/**
 * `netyard run` as a process of its own, in a session of its own, so that all that it leaves behind
 * can be found.
 *
 * @module
 */
import { readFileText } from "../../native/libc.ts";

const MAIN = new URL("../../lib/cli/main.ts", import.meta.url).pathname;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;
const MARK = "NETYARD_TEST_MARK";
const DEADLINE_MS = 30_000;
// Init may have to kill what ignores all else, on a machine that has other things to do.
const GONE_MS = 5_000;

/** How it is started. */
export interface RealRunOptions {
  /** A program, and its arguments, that starts it. */
  before?: readonly string[];
  env?: Record<string, string>;
}

/** A directory with a simulation, and the `netyard` processes that are started in it. */
export class RealRun implements AsyncDisposable {
  readonly directory: string;
  /** What it has said on both outputs. */
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

  /** Resolves when it has said something. */
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

  /** Sends a signal to it and all that is in its process group, as a terminal does. */
  signalGroup(signal: Deno.Signal): void {
    try {
      Deno.kill(-this.#child.pid, signal);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error; // all have ended
    }
  }

  /** Its exit code, once it has ended, whoever still holds its outputs. */
  async ends(): Promise<number> {
    const { code } = await this.#child.status;
    await this.#read;
    return code;
  }

  /** A JSON file of its run. */
  async output(path: string): Promise<Record<string, unknown>> {
    return JSON.parse(
      await Deno.readTextFile(`${this.directory}/.netyard-work/latest/${path}`),
    );
  }

  /** The processes that it has left behind after a while, and the files in its temporary directory. */
  async leftovers(): Promise<string[]> {
    const deadline = performance.now() + GONE_MS;
    for (;;) {
      const left = [...this.processes(), ...this.#files()];
      if (left.length === 0 || performance.now() > deadline) return left;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** The command lines of all processes that it has started, itself too, by their ids. */
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

/** Of all processes; Deno itself does not let tests list them. */
function processIds(): string[] {
  const { stdout } = new Deno.Command("ls", { args: ["/proc"] }).outputSync();
  return new TextDecoder().decode(stdout).split("\n").filter((name) => /^\d+$/.test(name));
}
