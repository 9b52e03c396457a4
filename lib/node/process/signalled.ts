/** Sends a signal to the program that a process waits for. */
export type Signal = (pid: number, signal: Deno.Signal) => void;

/** Wraps a child so that `kill()`, its abort signal and its disposal reach the program that it waits for. */
export function signalled(
  child: Deno.ChildProcess,
  signal: Signal,
  abort?: AbortSignal,
): Deno.ChildProcess {
  let ended = false;
  const kill = (name: Deno.Signal = "SIGTERM") => {
    if (ended) throw new TypeError("Child process has already terminated");
    signal(child.pid, name);
  };
  const killIfRunning = () => {
    try {
      kill();
    } catch {
      // Already ended.
    }
  };
  abort?.addEventListener("abort", killIfRunning);
  if (abort?.aborted) killIfRunning();
  const end = () => {
    ended = true;
    abort?.removeEventListener("abort", killIfRunning);
  };
  child.status.then(end, end);
  const dispose = async () => {
    killIfRunning();
    await child.status;
  };
  return new Proxy(child, {
    get(target, key) {
      if (key === "kill") return kill;
      if (key === Symbol.asyncDispose) return dispose;
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
