import { withChildrenIn } from "../../native/namespace.ts";
import { enterMountNamespace } from "../../native/thread.ts";
import { signalChildOf } from "../../native/signal.ts";
import { signalled, signalNodeChild } from "./signalled.ts";
import { hookSpawn } from "./spawn_patch.ts";

/** The first message to a worker of a node: the descriptors by which it enters, of this process. */
export interface EnterMessage {
  mountNamespace: number;
  pidNamespace: number;
  /** Whether this thread may enter the PID namespace to start a process; see Sandbox. */
  direct: boolean;
  /** Give the FFI permission back once inside. */
  dropFfi?: boolean;
}

/**
 * Completes a worker thread's way into its node. The thread was started in the
 * node's network namespace; what is missing are the node's names, and that the
 * processes that it starts end with the node.
 */
export async function enterNode(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<EnterMessage>();
  const listener = (event: MessageEvent<EnterMessage>) => {
    self.removeEventListener("message", listener);
    event.stopImmediatePropagation();
    resolve(event.data);
  };
  self.addEventListener("message", listener);
  const message = await promise;
  await enterMountNamespace(message.mountNamespace);
  adoptChildren(message);
  if (message.dropFfi) Deno.permissions.revokeSync({ name: "ffi" });
}

function adoptChildren({ pidNamespace, direct }: EnterMessage): void {
  const Original = Deno.Command;
  const enter = [`--pid=/proc/${Deno.pid}/fd/${pidNamespace}`, "--"];
  const through = (program: string | URL, options?: Deno.CommandOptions) =>
    new Original("nsenter", {
      ...options,
      args: [...enter, program instanceof URL ? program.pathname : program, ...options?.args ?? []],
    });
  class Command extends Original {
    #line: ConstructorParameters<typeof Deno.Command>;

    constructor(...line: ConstructorParameters<typeof Deno.Command>) {
      super(...line);
      this.#line = line;
    }

    override spawn(): Deno.ChildProcess {
      return direct
        ? withChildrenIn(pidNamespace, () => super.spawn())
        : signalled(through(...this.#line).spawn());
    }
    override output(): Promise<Deno.CommandOutput> {
      return direct
        ? withChildrenIn(pidNamespace, () => super.output())
        : through(...this.#line).output();
    }
    override outputSync(): Deno.CommandOutput {
      // It starts threads to read by, which no thread that entered may: nsenter(1) enters instead.
      return through(...this.#line).outputSync();
    }
  }
  Object.defineProperty(Deno, "Command", { value: Command, configurable: true, writable: true });
  hookSpawn((child, options) => (start) => {
    if (direct) return withChildrenIn(pidNamespace, () => start(options));
    const [, ...args] = options.args;
    start({ ...options, file: "nsenter", args: ["nsenter", ...enter, options.file, ...args] });
    signalNodeChild(child, signalChildOf);
  });
}
