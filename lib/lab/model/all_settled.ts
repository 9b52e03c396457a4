/** Waits for all promises, even if some reject, and then throws their errors. */
export async function allSettled(work: Iterable<Promise<unknown>>): Promise<void> {
  const failed = (await Promise.allSettled(work)).filter((each) => each.status === "rejected");
  if (failed.length === 1) throw failed[0].reason;
  if (failed.length > 1) {
    const errors = failed.map(({ reason }) => reason);
    throw new AggregateError(errors, errors.map(({ message }) => message).join("\n"));
  }
}
