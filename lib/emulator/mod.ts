/**
 * The link emulator: the link engine for kernels without sch_netem. A filter of the kernel redirects
 * what leaves by an impaired end to a TAP (`port.ts`, `redirect.ts`); one thread reads it there,
 * decides its fate (`shaper.ts`), holds it, and sends it by the link that it was meant for
 * (`frame_loop.ts`). Imports `native`, `link` and `loop`; knows no lab. Begin with `emulator.ts`.
 *
 * @module
 */

export * from "./emulator.ts";
export * from "./errors.ts";
