import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import {
  memoryBytes,
  type MemorySize,
  MemorySizeError,
  TooLittleMemoryError,
  TooMuchMemoryError,
} from "../../lib/vm/options/memory.ts";
import type { NetyardError } from "../../native/error.ts";

const MIB = 2 ** 20;
const HOST = 8 * 2 ** 30;

const SIZES: [size: MemorySize, mib: number][] = [
  ["64M", 64],
  ["256M", 256],
  ["256MB", 256],
  ["256MiB", 256],
  ["256m", 256],
  ["1G", 1024],
  ["1.5G", 1536],
  ["0.25GiB", 256],
  ["8G", 8192],
  ["0.0078125T", 8192],
  [268_435_456, 256],
];

for (const [size, mib] of SIZES) {
  Deno.test(`${JSON.stringify(size)} is ${mib} MiB`, () => {
    assertEquals(memoryBytes(size, HOST, "vm"), mib * MIB);
  });
}

type ErrorClass = new (message: string) => NetyardError;
const AMOUNT = 'but must be an amount such as "256M" or "1G", or a number of bytes';
const LEAST = 'but must be at least "64M"';

const REFUSED: [size: MemorySize, error: ErrorClass, message: string][] = [
  ["", MemorySizeError, `"", ${AMOUNT}`],
  ["256", MemorySizeError, `"256", ${AMOUNT}`],
  ["256 M", MemorySizeError, `"256 M", ${AMOUNT}`],
  ["-256M", MemorySizeError, `"-256M", ${AMOUNT}`],
  ["256X", MemorySizeError, `"256X", ${AMOUNT}`],
  ["lots", MemorySizeError, `"lots", ${AMOUNT}`],
  [NaN, MemorySizeError, `NaN, ${AMOUNT}`],
  [-1, MemorySizeError, `-1, ${AMOUNT}`],
  ["65.3M", MemorySizeError, '"65.3M", but must be a whole number of MiB'],
  [268_435_457, MemorySizeError, "268435457, but must be a whole number of MiB"],
  ["63M", TooLittleMemoryError, `"63M", ${LEAST}`],
  ["0G", TooLittleMemoryError, `"0G", ${LEAST}`],
  [0, TooLittleMemoryError, `0, ${LEAST}`],
  [256, TooLittleMemoryError, `256, ${LEAST}; a plain number is in bytes: did you mean "256M"?`],
  ["8193M", TooMuchMemoryError, '"8193M", but this host has 8192M in total: request less'],
  ["1T", TooMuchMemoryError, '"1T", but this host has 8192M in total: request less'],
];

for (const [size, kind, message] of REFUSED) {
  Deno.test(`memory of ${Deno.inspect(size)} is refused: ${kind.name}`, () => {
    const error = assertThrows(() => memoryBytes(size, HOST, 'lab.vm("nas")'), kind);
    assertInstanceOf(error, kind);
    assertEquals(error.message, `lab.vm("nas"): "memory" is ${message}`);
  });
}
