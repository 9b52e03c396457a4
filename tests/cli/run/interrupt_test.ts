import { assertEquals, assertStringIncludes } from "@std/assert";
import { inDirectory } from "../kit.ts";

const MAIN = new URL("run_main.ts", import.meta.url).pathname;
const DEADLINE_MS = 20_000;

/** A running `netyard run`, and its output so far. */
class Started implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #said: ReadableStreamDefaultReader<string>;
  readonly #deadline: ReturnType<typeof setTimeout>;
  text = "";

  constructor(...args: string[]) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", MAIN, ...args],
      stdout: "piped",
      stderr: "inherit",
      env: { NO_COLOR: "1" },
    }).spawn();
    this.#said = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#deadline = setTimeout(() => this.signal("SIGKILL"), DEADLINE_MS);
  }

  /** Reads until the output has a text; the deadline kills the process, which ends this too. */
  async says(text: string): Promise<void> {
    while (!this.text.includes(text)) {
      const { value, done } = await this.#said.read();
      if (done) throw new Error(`it ended without ${JSON.stringify(text)}:\n${this.text}`);
      this.text += value;
    }
  }

  signal(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended.
    }
  }

  /** Its exit code, once its output has ended. */
  async ends(): Promise<number> {
    for (let read; !(read = await this.#said.read()).done;) this.text += read.value;
    return (await this.#child.status).code;
  }

  async [Symbol.asyncDispose]() {
    this.signal("SIGKILL");
    await this.#child.status;
    clearTimeout(this.#deadline);
    await this.#said.cancel();
  }
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`${signal} ends the running simulations, still writes the results, and is exit code 130`, async () => {
    await inDirectory(async (directory) => {
      await using run = new Started("waits,later", "--work-dir", directory);
      await run.says("started waits\n");
      run.signal(signal);
      assertEquals(await run.ends(), 130);
      assertStringIncludes(run.text, "ending; press Ctrl-C again to exit now\n");
      assertStringIncludes(run.text, "1 interrupted, 1 not run in ");
      const manifest = JSON.parse(await Deno.readTextFile(`${directory}/latest/manifest.json`));
      assertEquals(manifest.simulations.map(({ status }: { status: string }) => status), [
        "interrupted",
        "not-run",
      ]);
    });
  });
}

Deno.test("the second Ctrl-C exits, whatever still runs", async () => {
  await inDirectory(async (directory) => {
    await using run = new Started("stays", "--work-dir", directory);
    await run.says("started stays\n");
    run.signal("SIGINT");
    await run.says("ending; press Ctrl-C again to exit now\n");
    run.signal("SIGINT");
    assertEquals(await run.ends(), 130);
    assertEquals(run.text.includes("results in"), false);
  });
});
