/** Where several machines wait for each other before they go on. */
export interface Meeting {
  /** Resolves when all have come, or will not come. */
  come(): Promise<void>;
  /** Says that one will not come, if it has not: the others go on without it. */
  leave(): void;
}

/** A meeting of so many; each has a part of its own. */
export function meetings(count: number): Meeting[] {
  const { promise, resolve } = Promise.withResolvers<void>();
  let missing = count;
  return Array.from({ length: count }, () => {
    let there = false;
    const leave = () => {
      if (there) return;
      there = true;
      if (--missing === 0) resolve();
    };
    return {
      come() {
        leave();
        return promise;
      },
      leave,
    };
  });
}
