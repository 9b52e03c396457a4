import { reseedElf, reseedInput } from "../tiny/reseed_elf.ts";

/** The bytes of one request to random(4): 512 bits. */
const BYTES = 64;
/** The temporary path of our program, for a guest that has none. */
const PUSHED = "/tmp/.netyard-reseed";

/**
 * Returns a part of a script that gives a guest random numbers of its own: without it, all machines that
 * resume from one saved machine would draw the same ones. A guest that has no program for it gets ours;
 * one that cannot run ours uses the numbers when its kernel next reseeds itself, within a minute.
 *
 * @param program A program that reads a struct rand_pool_info from its standard input.
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

/** Escapes bytes for printf(1). */
function octal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
}
