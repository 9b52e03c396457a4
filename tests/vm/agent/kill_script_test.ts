import { assertEquals } from "@std/assert";
import { MARK } from "../../../lib/vm/agent/command_line.ts";
import { killScript } from "../../../lib/vm/agent/kill_script.ts";

/** Shells that a guest may have; those that this host lacks are skipped. */
const SHELLS = [["dash"], ["busybox", "sh"], ["bash"]];

async function present([program]: string[]): Promise<boolean> {
  const { success } = await new Deno.Command("/bin/sh", {
    args: ["-c", `command -v ${program}`],
    stdout: "null",
  }).output();
  return success;
}

/** A command that keeps running, and its output. */
function start(line: string, mark: string) {
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", line],
    env: { [MARK]: mark, WIDE: "a\nb" },
    stdout: "piped",
    stderr: "null", // Its shell reports signals there.
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  return { child, next: async () => (await reader.read()).value };
}

for (const shell of SHELLS) {
  Deno.test({
    name: `${shell[0]} signals all that a command has started, and nothing else`,
    ignore: !await present(shell),
    async fn() {
      const mark = crypto.randomUUID().replaceAll("-", "");
      const send = async (signal: string, to: number, marked = mark) => {
        const script = killScript(signal === "KILL");
        const { code, stderr } = await new Deno.Command(shell[0], {
          args: [...shell.slice(1), "-c", script, "sh", signal, marked, `${to}`],
        }).output();
        assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
      };
      const other = start("echo ready; exec sleep 60", "another");
      // The first child is an orphan, the second has no environment.
      const { child, next } = start(
        "trap 'echo hup' HUP; (sleep 60 &); env -i sleep 60 & echo $!; while :; do sleep 0.05; done",
        mark,
      );
      await other.next();
      const grandchild = Number(await next());
      // A process with the ID of a command but another parent is another process by now.
      await send("KILL", grandchild, "unknown");
      Deno.kill(grandchild, "SIGCONT"); // It throws for a process that is gone.
      await send("HUP", child.pid);
      assertEquals(await next(), "hup\n");
      await send("KILL", child.pid);
      assertEquals((await child.status).signal, "SIGKILL");
      assertEquals(await next(), undefined); // None is left that could print.
      other.child.kill();
      assertEquals((await other.child.status).signal, "SIGTERM");
      assertEquals(await other.next(), undefined);
    },
  });
}
