/** How long disposing one thing may take: a server may wait for requests that never end. */
const GRACE_MS = 1000;

/** What was made for a node on this thread, such as listeners, to be disposed with it. */
export class Belongings {
  #all = new Set<WeakRef<object>>();
  #disposed = false;
  #gone = new FinalizationRegistry((reference: WeakRef<object>) => this.#all.delete(reference));

  /** Adds a value if it can be disposed; of a promise, what it resolves with. Passes it through. */
  add<T>(value: T): T {
    if (value instanceof Promise && value.constructor === Promise) {
      return value.then((resolved) => this.add(resolved)) as T;
    }
    if (typeof value !== "object" || value === null) return value;
    if (!(Symbol.dispose in value) && !(Symbol.asyncDispose in value)) return value;
    if (this.#disposed) {
      void dispose(value as Disposables);
      return value;
    }
    const reference = new WeakRef(value);
    this.#all.add(reference);
    this.#gone.register(value, reference);
    return value;
  }

  /** Disposes of everything. What was disposed before, or cannot be, is passed over. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    const all = [...this.#all].map((reference) => reference.deref());
    this.#all.clear();
    await Promise.all(all.map((value) => value && dispose(value as Disposables)));
  }
}

type Disposables = Partial<Disposable & AsyncDisposable>;

async function dispose(value: Disposables): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const disposed = value[Symbol.asyncDispose]?.() ?? value[Symbol.dispose]?.();
    await Promise.race([
      disposed,
      new Promise<void>((resolve) => timer = setTimeout(resolve, GRACE_MS)),
    ]);
  } catch {
    // Its owner closed it, or it was broken; it holds nothing any more.
  } finally {
    clearTimeout(timer);
  }
}
