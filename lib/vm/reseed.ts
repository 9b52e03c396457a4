/** RNDADDENTROPY's struct rand_pool_info (random(4)): 512 bits, in 64 bytes. */
const BITS = 512;
const BYTES = BITS / 8;

/**
 * A part of a script that gives a guest random numbers of its own: all that resume from one saved
 * machine would draw the same ones. Where the guest has no program for it, its kernel takes them up
 * when it next reseeds itself, within a minute.
 *
 * @param program One that takes a struct rand_pool_info from its standard input.
 */
export function reseedPart(
  program: string | undefined,
  random: Uint8Array = crypto.getRandomValues(new Uint8Array(BYTES)),
): string {
  if (program === undefined) return `printf '${octal(random)}' >/dev/urandom\n`;
  const info = new Uint8Array(8 + BYTES);
  info.set(new Uint8Array(new Int32Array([BITS, BYTES]).buffer));
  info.set(random, 8);
  return `printf '${octal(info)}' | ${program}\n`;
}

/** As printf(1) has bytes. */
function octal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
}
