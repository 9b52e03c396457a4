/** Registers the function that undoes a completed step if a later step fails. */
export type Defer = (undo: () => void) => void;

/** For steps that need no undoing. */
export const withoutUndo: Defer = () => {};

/**
 * Runs `act`. If it throws, runs the functions that it deferred, the last first and each even if
 * another one throws, and rethrows the error; errors of undoing become part of its cause.
 */
export function undoing<T>(act: (defer: Defer) => T): T {
  const undos: (() => void)[] = [];
  try {
    return act((undo) => void undos.push(undo));
  } catch (error) {
    const failures: unknown[] = [];
    for (const undo of undos.reverse()) {
      try {
        undo();
      } catch (failure) {
        failures.push(failure);
      }
    }
    if (failures.length > 0) addCauses(error, failures);
    throw error;
  }
}

function addCauses(error: unknown, failures: unknown[]): void {
  if (!(error instanceof Error)) return;
  const causes = error.cause === undefined ? failures : [error.cause, ...failures];
  error.cause = new AggregateError(causes, "and not all of what had been done could be undone");
}
