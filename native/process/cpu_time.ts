import { fast } from "../fast.ts";

const CLOCK_THREAD_CPUTIME_ID = 3;

let time: BigInt64Array<ArrayBuffer> | undefined;

/** The processor time that this thread has used, in milliseconds (clock_gettime(2)). */
export function threadCpuMs(): number {
  // struct timespec
  time ??= new BigInt64Array(new ArrayBuffer(16));
  fast().clock_gettime(CLOCK_THREAD_CPUTIME_ID, Deno.UnsafePointer.of(time));
  return Number(time[0]) * 1000 + Number(time[1]) / 1e6;
}
