import type { HostFacts } from "../../lib/host/facts.ts";
import { PROGRAMS } from "../../lib/host/install.ts";

const works = { ok: true, detail: "works" };

/** A host that has everything. */
export const ABLE: HostFacts = {
  os: "linux",
  deno: "2.9.6",
  libc: "ok",
  privilege: "root",
  nftables: "libnftables",
  osRelease: "ID=debian\n",
  permissions: { run: true, read: true, write: true, env: true, net: true, sys: true },
  programs: Object.fromEntries(
    PROGRAMS.map((name) => [name, { path: `/usr/bin/${name}`, onPath: true }]),
  ) as HostFacts["programs"],
  namespaces: { net: works, pid: works, mount: works },
  ruleset: works,
  netem: works,
  clsact: works,
  tun: { present: true, usable: works },
  kvm: works,
  ipv6: works,
  openFiles: 20000,
};
