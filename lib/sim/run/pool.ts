/**
 * Does numbered work, from 0 on and in that order, so much at a time and no more.
 *
 * @param more asked before each next one; once it says no, none is started any more
 * @throws what the first failed with, once all that had started are at their end; after a failure none
 * is started any more.
 */
export async function inPool(
  total: number,
  atOnce: number,
  work: (index: number) => Promise<void>,
  more: () => boolean = () => true,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < total && more()) {
      try {
        await work(next++);
      } catch (error) {
        next = total;
        throw error;
      }
    }
  };
  const workers = Array.from({ length: Math.min(atOnce, total) }, worker);
  const failed = (await Promise.allSettled(workers)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}
