/** A point where several machines wait for each other before they continue. */
export interface Barrier {
  /** Resolves when all have arrived or withdrawn. */
  arrive(): Promise<void>;
  /** Withdraws one that has not arrived, so that the others do not wait for it. */
  leave(): void;
}

/** Makes a barrier for `count` machines; each gets its own handle of it. */
export function barriers(count: number): Barrier[] {
  const { promise, resolve } = Promise.withResolvers<void>();
  let missing = count;
  return Array.from({ length: count }, () => {
    let counted = false;
    const leave = () => {
      if (counted) return;
      counted = true;
      if (--missing === 0) resolve();
    };
    return {
      arrive() {
        leave();
        return promise;
      },
      leave,
    };
  });
}
