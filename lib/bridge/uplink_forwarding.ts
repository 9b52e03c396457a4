import { ReportPipe } from "../../native/process/pipe.ts";
import { searchPath, SYSTEM_DIRECTORIES } from "../../native/process/process.ts";
import { isRunning } from "../node/process/sandbox.ts";
import { UplinkError } from "./errors.ts";

/**
 * Forwarding on links of the host, as long as an uplink needs it.
 *
 * The settings themselves show who changed them, so there is no other state. For IPv4, the kernel takes
 * each number but 0 as "on"; uplinks write {@link SWITCHED}. If another program enables it meanwhile, it
 * writes 1, which then stays. The IPv6 setting only accepts 0 and 1, so the `tag` of the link, a number
 * that the kernel keeps for any program, is set to {@link TAG}.
 *
 * Each uplink has a watcher: a process with a shared lock on the host's network namespace, which needs no
 * lock file. It outlives its script, however that ends. The last watcher can make its lock exclusive, and
 * restores the settings.
 */

/** The value of `net.ipv4.conf.*.forwarding` for a link that only forwards for uplinks. */
export const SWITCHED = "2";
/** The value of `net.ipv4.conf.*.tag` for a link that only forwards IPv6 for uplinks ("ny" in ASCII). */
export const TAG = String(0x6e79);

/** The timeout of the lock. A new uplink waits for one that ends, which takes milliseconds. */
const LOCK_TIMEOUT_S = 10;

const WATCH = `
trap '' HUP INT QUIT TERM
exec 2>"$1"
exec 9</proc/self/ns/net
flock -s -w ${LOCK_TIMEOUT_S} 9 || { echo "no lock of the network namespace within ${LOCK_TIMEOUT_S} s"; exit 1; } >&2
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

/** Restores the settings when the last watcher is closed, or its process ends. */
export class UplinkWatch {
  #process: Deno.ChildProcess;

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
  }

  /** Starts a watcher in the network namespace of the calling thread. */
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
    // A script that does not close its lab must still end.
    process.unref();
    const output = pipe.readUntil("ready\n", () => isRunning(process.pid));
    if (output.endsWith("ready\n")) return new UplinkWatch(process);
    process.stdin.abort().catch(() => {});
    throw new UplinkError(
      `${what}: cannot start the process that restores the host's settings (flock(1) of util-linux): ` +
        `${output.trim() || "it ended"}`,
    );
  }

  /** Ends it; resolves when the settings are restored, unless another uplink needs them. */
  async close(): Promise<void> {
    this.#process.ref();
    await this.#process.stdin.close().catch(() => {});
    await this.#process.status;
  }
}
