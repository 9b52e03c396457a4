import { readFileText } from "../../../native/libc.ts";
import { findProgram, searchPath, SYSTEM_DIRECTORIES } from "../../../native/process/process.ts";
import { installAdvice } from "../../host/install.ts";
import { readOsRelease } from "../../host/os_release.ts";
import type { CaptureTarget } from "./capture.ts";
import { CaptureError } from "./capture_errors.ts";
import type { Host } from "../process/host.ts";

/** What libpcap takes for all interfaces. */
const ANY = "any";

/** The links of a node, from the text of its /proc/net/dev, which begins with two lines of titles. */
export function linkNames(procNetDev: string): string[] {
  return procNetDev.split("\n").slice(2).map((line) => line.split(":")[0].trim()).filter(Boolean);
}

/** Decides what to capture; throws if there is no such interface, or no tcpdump. */
export function captureTarget(host: Host, wanted: string | undefined): CaptureTarget {
  const names = linkNames(host.namespace.enter(() => readFileText("/proc/thread-self/net/dev")));
  const own = names.filter((name) => name !== "lo");
  const name = wanted ?? (own.length === 1 ? own[0] : ANY);
  const label = `capture of ${host.name} ${name}`;
  if (name !== ANY && !names.includes(name)) {
    throw new CaptureError(
      `${label}: there is no such interface; there are: ${
        names.join(", ")
      }, and any for all of them`,
    );
  }
  if (!findProgram("tcpdump", [...searchPath(), ...SYSTEM_DIRECTORIES])) {
    throw new CaptureError(
      `${label}: captures need tcpdump, which is not on this host; install it: ` +
        installAdvice(["tcpdump"], readOsRelease()),
    );
  }
  return { interface: name, label };
}
