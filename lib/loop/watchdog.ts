const INTERVAL_MS = 1_000;
/** A host that slept wakes its threads in any order; one silence alone says nothing. */
const SILENCES = 3;
/** To start, it has modules to load, on a host that may be busy. */
const STARTING_SILENCES = 30;

/** What the watchdog watches. */
export interface Watched {
  /** A number that grows whenever the thread does something. */
  beat(): number;
  /** Gives the thread something to do. */
  poke(): void;
  /** Whether it has started. */
  isRunning(): boolean;
  /** Called once, when it did nothing for so many seconds, though it was poked, or did not start. */
  dead(seconds: number): void;
}

/** Looks after a thread from outside until the result is disposed; it keeps no process alive. */
export function watch({ beat, poke, isRunning, dead }: Watched): Disposable {
  let last = -1;
  let ran = false;
  let silences = 0;
  const timer = setInterval(() => {
    const now = beat();
    const running = isRunning();
    silences = now === last && running === ran ? silences + 1 : 0;
    last = now;
    ran = running;
    if (silences < (running ? SILENCES : STARTING_SILENCES)) return poke();
    clearInterval(timer);
    dead(silences * INTERVAL_MS / 1000);
  }, INTERVAL_MS);
  Deno.unrefTimer(timer);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
