import type { Guest } from "./guest.ts";

/** RNDADDENTROPY's struct rand_pool_info (random(4)): 512 bits, in 64 bytes. */
const BITS = 512;
const BYTES = BITS / 8;

/**
 * Gives a guest random numbers of its own: all that resume from one saved machine would draw the same
 * ones. Where the guest has no program for it, its kernel takes them up when it next reseeds itself.
 */
export async function reseed(guest: Guest, program: string | undefined): Promise<void> {
  const random = crypto.getRandomValues(new Uint8Array(BYTES));
  if (program === undefined) {
    return await guest.writeFile("/dev/urandom", random);
  }
  const info = new Uint8Array(8 + BYTES);
  info.set(new Uint8Array(new Int32Array([BITS, BYTES]).buffer));
  info.set(random, 8);
  (await guest.run([program], { stdin: info })).assertOk();
}
