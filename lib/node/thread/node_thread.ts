/**
 * Threads in a node: a worker that enters the namespaces before any module loads, `run()` on top of it,
 * and spawned modules with their own permissions. Imports `process`. Begin here; `worker_*.ts` run on the
 * thread itself.
 *
 * @module
 */
import { closeFd, openFd, pathExists, readLink } from "../../../native/libc.ts";
import { homePidNamespace } from "../../../native/namespace.ts";
import { enterNode, type ThreadEntry } from "../../../native/process/enter_node.ts";
import { inherited } from "../process/command.ts";
import type { Host, OutputKind, ProgramOutput } from "../process/host.ts";
import type { ChildrenOptions } from "../process/worker_children.ts";
import { PRINTED, type Printed } from "./printed.ts";

/** The options of a node thread. */
export interface ThreadOptions {
  /** The name in stack traces. */
  name: string;
  /** The Deno permissions of the thread. Default: those of this process. */
  permissions?: Deno.PermissionOptions;
  /** JavaScript that runs once the thread is inside; it imports with {@link importing}. */
  body: string;
  /** The value of `payload` in the body; must be cloneable. */
  payload?: unknown;
  /** Called with each message of the thread. */
  onMessage(message: unknown): void;
  /** Called at most once, with the error that ended the thread. */
  onError(message: string): void;
}

/** The first message of the thread: its ID. The answer has the descriptor of the mount namespace. */
const TID = "netyard:tid";

/** How long a thread may take to end. */
const GRACE_MS = 2000;

/** The answer to it. */
interface Welcome {
  copy: number;
  payload: unknown;
}

/**
 * Returns JavaScript that imports a module. A thread with restricted permissions may only read modules
 * whose address is a literal. Otherwise the address is not a literal, so that `deno test` does not check
 * the types of the module again.
 */
export function importing(module: string, permissions?: Deno.PermissionOptions): string {
  const address = JSON.stringify(new URL(module, import.meta.url).href);
  return permissions === undefined ? `import(String(${address}))` : `import(${address})`;
}

/** The script of the thread. It has no static imports: enterNode() must run before any module. */
function source(
  entry: ThreadEntry,
  children: ChildrenOptions,
  giveBack: Deno.PermissionDescriptor | undefined,
  logging: boolean,
  { body, permissions }: ThreadOptions,
): string {
  return [
    `let payload;`,
    `const powers = await (${enterNode})(${JSON.stringify(entry)}, (tid) => new Promise((go) => {`,
    `  self.addEventListener("message", function welcome(event) {`,
    `    self.removeEventListener("message", welcome);`,
    `    event.stopImmediatePropagation();`,
    `    payload = event.data.payload;`,
    `    go(event.data.copy);`,
    `  });`,
    `  self.postMessage({ ${JSON.stringify(TID)}: tid });`,
    `}));`,
    `const { adoptChildren } = await ${importing("../process/worker_children.ts", permissions)};`,
    `adoptChildren(powers, ${JSON.stringify(children)});`,
    logging ? `(await ${importing("./worker_console.ts", permissions)}).relayConsole();` : "",
    giveBack ? `Deno.permissions.revokeSync(${JSON.stringify(giveBack)});` : "",
    body,
  ].join("\n");
}

interface Permitted {
  /** Permissions of the worker, which needs FFI to enter the node. */
  permissions?: Deno.PermissionOptions;
  /** Permissions that it gives up once it is inside. */
  giveBack?: Deno.PermissionDescriptor;
}

function permit(asked: Deno.PermissionOptions | undefined): Permitted {
  if (asked === undefined || asked === "inherit") return {};
  const wanted = asked === "none" ? {} : asked;
  const { ffi } = wanted;
  if (ffi === true || ffi === "inherit") return { permissions: wanted };
  // The granted libraries, and libc to enter.
  if (Array.isArray(ffi) && ffi.length > 0) {
    return {
      permissions: { ...wanted, ffi: [...ffi, "libc.so.6"] },
      giveBack: { name: "ffi", path: "libc.so.6" },
    };
  }
  return { permissions: { ...wanted, ffi: "inherit" }, giveBack: { name: "ffi" } };
}

/**
 * A worker thread in a node: it starts in the node's network namespace, and
 * enters the mount namespace before any of its code runs.
 */
export class NodeThread {
  #worker: Worker;
  #host: Host;
  #options: ThreadOptions;
  #output: Record<OutputKind, ProgramOutput>;
  #copy: number | undefined;
  /** The path of the thread in /proc, once its ID is known. */
  #path: string | undefined;

  constructor(host: Host, options: ThreadOptions) {
    this.#host = host;
    this.#options = options;
    this.#output = { stdout: host.output("stdout"), stderr: host.output("stderr") };
    const { mountNamespace, pidNamespace, utsNamespace, children } = host.sandbox.forThreads();
    const { permissions, giveBack } = permit(options.permissions);
    const entry: ThreadEntry = {
      mountNamespace,
      pidNamespace,
      utsNamespace,
      homePidNamespace: homePidNamespace(),
      cwd: readLink("/proc/self/cwd"),
    };
    const programs = { ...children, variables: host.variables(inherited) };
    const script = new Blob([source(entry, programs, giveBack, host.logging, options)], {
      type: "application/javascript",
    });
    const url = URL.createObjectURL(script);
    this.#worker = host.namespace.enter(() =>
      new Worker(url, {
        type: "module",
        name: options.name,
        ...permissions && { deno: { permissions } },
      })
    );
    this.#worker.onmessage = (event) => this.#receive(event.data, url);
    this.#worker.onerror = (event) => {
      // Otherwise the error would end the whole process.
      event.preventDefault();
      URL.revokeObjectURL(url);
      this.#closeCopy();
      const { message, filename, lineno, colno } = event;
      options.onError(filename ? `${message} (${filename}:${lineno}:${colno})` : message);
    };
  }

  post(message: unknown): void {
    this.#worker.postMessage(message);
  }

  /** Called when the body runs. */
  entered(): void {
    this.#closeCopy();
  }

  terminate(): void {
    this.#worker.terminate();
    for (const output of Object.values(this.#output)) output.end();
    this.#closeCopy();
  }

  /**
   * Resolves when the thread has ended, with its sockets and processes; at the latest after
   * {@link GRACE_MS}, since a system call may block the thread.
   */
  async gone(): Promise<void> {
    const deadline = performance.now() + GRACE_MS;
    while (this.#path && pathExists(this.#path) && performance.now() < deadline) {
      // Polls: Deno has no event for the end of a thread, and a thread is not a child process.
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  #receive(message: unknown, url: string): void {
    if (isPrinted(message)) {
      return void this.#output[message[PRINTED]].write(new TextEncoder().encode(message.text));
    }
    if (this.#path) return this.#options.onMessage(message);
    this.#path = `/proc/self/task/${(message as Record<string, number>)[TID]}`;
    URL.revokeObjectURL(url);
    try {
      this.#copy = openFd(`${this.#path}/ns/mnt`);
    } catch (error) {
      // Thrown here, it would end the whole process.
      this.terminate();
      return this.#options.onError((error as Error).message);
    }
    this.post({ copy: this.#copy, payload: this.#options.payload } satisfies Welcome);
  }

  #closeCopy(): void {
    if (this.#copy !== undefined) closeFd(this.#copy);
    this.#copy = undefined;
  }
}

function isPrinted(message: unknown): message is Printed {
  return typeof message === "object" && message !== null && PRINTED in message;
}
