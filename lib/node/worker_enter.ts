import { withChildrenIn } from "../../native/namespace.ts";
import { enterMountNamespace } from "../../native/thread.ts";
import { hookSpawn } from "./spawn_patch.ts";

/** The first message to a worker of a node: the descriptors by which it enters, of this process. */
export interface EnterMessage {
  mountNamespace: number;
  pidNamespace: number;
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
  adoptChildren(message.pidNamespace);
  if (message.dropFfi) Deno.permissions.revokeSync({ name: "ffi" });
}

function adoptChildren(pidNamespace: number): void {
  const inside = <T>(fn: () => T): T => withChildrenIn(pidNamespace, fn);
  const Original = Deno.Command;
  class Command extends Original {
    #line: ConstructorParameters<typeof Deno.Command>;

    constructor(...line: ConstructorParameters<typeof Deno.Command>) {
      super(...line);
      this.#line = line;
    }

    override spawn(): Deno.ChildProcess {
      return inside(() => super.spawn());
    }
    override output(): Promise<Deno.CommandOutput> {
      return inside(() => super.output());
    }
    override outputSync(): Deno.CommandOutput {
      // It starts threads to read by, which no thread that entered may: nsenter(1) enters instead.
      const [program, options] = this.#line;
      const args = [`--pid=/proc/${Deno.pid}/fd/${pidNamespace}`, "--", String(program)];
      return new Original("nsenter", { ...options, args: [...args, ...options?.args ?? []] })
        .outputSync();
    }
  }
  Object.defineProperty(Deno, "Command", { value: Command, configurable: true, writable: true });
  hookSpawn((_child, options) => (start) => inside(() => start(options)));
}
