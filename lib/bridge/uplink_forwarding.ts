import { ReportPipe } from "../../native/process/pipe.ts";
import { searchPath, SYSTEM_DIRECTORIES } from "../../native/process/process.ts";
import { isRunning } from "../node/process/sandbox.ts";
import { UplinkError } from "./errors.ts";

/**
 * What has the host forward by a link, and stop when no uplink needs it any more.
 *
 * The settings themselves say who made them, so nothing is kept anywhere else: to the kernel each
 * number but 0 is "on", and one that was switched on for uplinks is {@link SWITCHED}. Whoever else
 * switches it on meanwhile writes a 1, which then stays. The setting of IPv6 takes 0 and 1 alone, and
 * the `tag` of the link, a number that the kernel keeps for whoever wants one, is {@link TAG}.
 *
 * Each uplink has a watcher, a process that holds a shared lock of the host's network namespace
 * itself, and so leaves no file. It outlives its script, whatever ends that, and the last of them,
 * which alone can have the lock to itself, puts the settings back.
 */

/** `net.ipv4.conf.*.forwarding` of a link that forwards for uplinks alone. */
export const SWITCHED = "2";
/** `net.ipv4.conf.*.tag` of a link that forwards IPv6 for uplinks alone ("ny" in ASCII). */
export const TAG = String(0x6e79);

/** Uplinks that begin wait for one that ends, which takes milliseconds. */
const PATIENCE_S = 10;

const WATCH = `
trap '' HUP INT QUIT TERM
exec 2>"$1"
exec 9</proc/self/ns/net
flock -s -w ${PATIENCE_S} 9 || { echo "no lock of the network namespace within ${PATIENCE_S} s"; exit 1; } >&2
echo ready >&2
exec 2>/dev/null
cat >/dev/null
flock -n -x 9 || exit 0
cd /proc/sys/net/ipv4/conf || exit 1
for file in $(grep -lx ${SWITCHED} */forwarding); do echo 0 >"$file"; done
for file in $(grep -lx ${TAG} */tag); do
  echo 0 >"/proc/sys/net/ipv6/conf/\${file%/tag}/force_forwarding"
  echo 0 >"$file"
done
`;

/** From here on, the settings are put back when the last watcher is closed, or its process ended. */
export class UplinkWatch {
  #process: Deno.ChildProcess;

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
  }

  /** In the network namespace that the calling thread is in. */
  static start(what: string): UplinkWatch {
    using pipe = new ReportPipe();
    const process = new Deno.Command("sh", {
      args: ["-c", WATCH, "sh", pipe.childPath],
      clearEnv: true,
      env: { PATH: ["/usr/bin", "/bin", ...SYSTEM_DIRECTORIES, ...searchPath()].join(":") },
      cwd: "/",
      stdin: "piped",
      stdout: "null",
      stderr: "null",
    }).spawn();
    // Who forgets to close a lab is not to wait for what waits for them.
    process.unref();
    const said = pipe.readUntil("ready\n", () => isRunning(process.pid));
    if (said.endsWith("ready\n")) return new UplinkWatch(process);
    process.stdin.abort().catch(() => {});
    throw new UplinkError(
      `${what}: cannot start what puts the host's settings back (flock(1) of util-linux): ` +
        `${said.trim() || "it ended"}`,
    );
  }

  /** Ends it; resolves when the settings are as they were, unless another uplink needs them. */
  async close(): Promise<void> {
    this.#process.ref();
    await this.#process.stdin.close().catch(() => {});
    await this.#process.status;
  }
}
