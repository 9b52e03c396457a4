/**
 * Kills a process group when this process ends, even by SIGKILL, or before a build has ended.
 */
export class GroupGuard {
  #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
  }

  /** Guards a process group, which must exist until this is closed. */
  static of(group: number): GroupGuard {
    // Its stdin is open while this process lives. A line on it ends the script without a kill.
    const script = 'read -r _ || kill -s KILL -- "-$1"';
    return new GroupGuard(
      new Deno.Command("/bin/sh", {
        args: ["-c", script, "sh", String(group)],
        cwd: "/",
        stdin: "piped",
        stdout: "null",
        stderr: "null",
        detached: true, // Ctrl-C must not reach it
      }).spawn(),
    );
  }

  /** Ends the guard; the group continues to run. */
  async close(): Promise<void> {
    const writer = this.#child.stdin.getWriter();
    try {
      await writer.write(new TextEncoder().encode("\n"));
      await writer.close();
    } catch {
      // The script was killed.
    }
    await this.#child.status;
  }
}
