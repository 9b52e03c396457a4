import { reseedElf, reseedInput } from "../tiny/reseed_elf.ts";

/** How many bytes random(4) takes at once: 512 bits. */
const BYTES = 64;
/** Where our program is put for a moment, where the guest has none. */
const PUSHED = "/tmp/.netyard-reseed";

/**
 * A part of a script that gives a guest random numbers of its own: all that resume from one saved
 * machine would draw the same ones. A guest that has no program for it is given ours; one that cannot
 * run that takes the numbers up when its kernel next reseeds itself, within a minute.
 *
 * @param program One that takes a struct rand_pool_info from its standard input.
 */
export function reseedPart(
  program: string | undefined,
  random: Uint8Array = crypto.getRandomValues(new Uint8Array(BYTES)),
): string {
  const feed = (to: string) => `printf '${octal(reseedInput(random))}' | ${to}`;
  if (program !== undefined) return `${feed(program)}\n`;
  return [
    `{ printf '${octal(reseedElf())}' >${PUSHED} && chmod 700 ${PUSHED} && ${feed(PUSHED)}; } ||`,
    `  printf '${octal(random)}' >/dev/urandom`,
    `rm -f ${PUSHED}`,
    "",
  ].join("\n");
}

/** As printf(1) has bytes. */
function octal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
}
