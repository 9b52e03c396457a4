/**
 * Run by `descriptors_test.ts` in a process of its own, since tests that run in parallel share one
 * table of descriptors. Prints what left descriptors open, one line each.
 */
import { Namespace } from "../../../native/namespace.ts";
import { pathExists } from "../../../native/libc.ts";
import { failAt, OPERATIONS, Site, stepsOf } from "../fault/faults.ts";
import { REFUSALS, World } from "../options/refusals/mod.ts";

/** All descriptors of this process that are open, but for what namespaces keep for their next use. */
export function openDescriptors(): number[] {
  Namespace.dropSockets();
  const all = Array.from({ length: 1024 }, (_, fd) => fd);
  return all.filter((fd) => pathExists(`/proc/self/fd/${fd}`));
}

async function check(name: string, act: () => unknown): Promise<void> {
  const before = openDescriptors();
  try {
    await act();
  } catch {
    // As it should be; whether the error is the right one is another test's question.
  }
  const left = openDescriptors().filter((fd) => !before.includes(fd));
  if (left.length > 0) console.log(`${name}: ${left}`);
}

if (import.meta.main) {
  await using world = await World.create();
  for (const [name, ask] of REFUSALS) await check(name, () => ask(world));
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    const steps = await stepsOf(operation);
    await using site = await Site.create();
    for (const [n, step] of steps.entries()) {
      using _failing = failAt(n);
      await check(`${name}: ${step}`, () => operation(site));
    }
  }
}
