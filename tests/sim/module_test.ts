import { assertEquals } from "@std/assert";
import { loadSimulations, resolveBinaries, runAll } from "@netyard/netyard/sim";

const FILE = `[matrix]
code = ["0", "3"]
[sim]
name = "exit-\${matrix.code}"
[[router]]
name = "dc"
[device.box.eth0]
gateway = "dc"
[[step]]
id = "program"
device = "box"
cmd = ["sh", "-c", "echo $NETYARD_NODE; exit \${matrix.code}"]
captures.where = { regex = ".+" }
`;

Deno.test("a script loads simulations, runs them, and reads their results", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${directory}/exit.toml`, FILE);
    const simulations = await loadSimulations([directory]);
    const binaries = await resolveBinaries(simulations);
    const { status, outcomes } = await runAll(simulations, {
      workDir: `${directory}/work`,
      binaries,
      jobs: 2,
    });
    assertEquals(status, "failed");
    assertEquals(
      outcomes.map(({ name, status, captures }) => [name, status, captures["program.where"]]),
      [["exit-0", "passed", "box"], ["exit-3", "failed", "box"]],
    );
    assertEquals(outcomes[1].failure?.exitCode, 3);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
