const LIMIT_MS = 60_000;

/** How many network namespaces the kernel holds, those that it still cleans up included. */
async function namespaces(): Promise<number | undefined> {
  const { stdout } = await new Deno.Command("cat", { args: ["/proc/slabinfo"], stderr: "null" })
    .output();
  const line = /^net_namespace\s+(\d+)/m.exec(new TextDecoder().decode(stdout));
  return line ? Number(line[1]) : undefined;
}

/** Waits until the kernel cleaned up what earlier labs left, so that each build finds it idle. */
export async function settled(): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  let last = await namespaces();
  let same = 0;
  // Not readable, or never zero: it is settled when it stays the same for a second.
  while (performance.now() < deadline && same < 5) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const now = await namespaces();
    same = now === last ? same + 1 : 0;
    last = now;
  }
}
