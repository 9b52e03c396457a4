/**
 * Kills a process group when this process ends, however that happens: by SIGKILL, or since somebody
 * does not want to wait for the end of a build.
 */
export class GroupGuard {
  #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
  }

  /** Of a group, which must be there until this is closed. */
  static of(group: number): GroupGuard {
    // Its stdin is open as long as this process lives. A line says that there is nothing left to do.
    const script = 'read -r _ || kill -s KILL -- "-$1"';
    return new GroupGuard(
      new Deno.Command("/bin/sh", {
        args: ["-c", script, "sh", String(group)],
        cwd: "/",
        stdin: "piped",
        stdout: "null",
        stderr: "null",
        detached: true, // Ctrl-C is not for it
      }).spawn(),
    );
  }

  /** Lets the group be. */
  async close(): Promise<void> {
    const writer = this.#child.stdin.getWriter();
    try {
      await writer.write(new TextEncoder().encode("\n"));
      await writer.close();
    } catch {
      // Somebody has ended it.
    }
    await this.#child.status;
  }
}
