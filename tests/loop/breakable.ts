import { LoopSession } from "../../lib/loop/session.ts";
import type { LoopProgram } from "../../lib/loop/thread.ts";

/** Commands that no product knows; `breakable_worker.ts` executes them. */
export const FAIL = 1_001;
export const HANG = 1_002;

/** Makes the threads of a program fail or hang on demand, while this is in scope. */
export class Breakable implements Disposable {
  /** The sessions that posted a command. */
  readonly sessions = new Set<Pick<LoopSession<never, never, never>, "post">>();
  #program: LoopProgram;
  #module: URL;
  #post = LoopSession.prototype.post;

  constructor(program: LoopProgram) {
    this.#program = program;
    this.#module = program.module;
    program.module = new URL("./breakable_worker.ts", import.meta.url);
    program.module.searchParams.set("module", this.#module.href);
    const post = this.#post;
    const { sessions } = this;
    LoopSession.prototype.post = function (command, subject) {
      sessions.add(this);
      post.call(this, command, subject);
    };
  }

  /** Makes the threads throw, or loop for ever. */
  break(how: "fail" | "hang"): void {
    const command = (how === "fail" ? FAIL : HANG) as never;
    for (const session of this.sessions) session.post(command, 0);
  }

  [Symbol.dispose](): void {
    this.#program.module = this.#module;
    LoopSession.prototype.post = this.#post;
  }
}
