import { installAdvice } from "../../host/install.ts";
import { readOsRelease } from "../../host/os_release.ts";
import { locateProgram } from "../../host/programs.ts";
import { program } from "../../node/process/sandbox.ts";
import { type Advertised, radvdConfig } from "./advertisement.ts";
import { type Advertiser, sendFinalAdvertisement } from "./advertiser.ts";
import { Ipv6Error } from "../options/errors.ts";
import type { Segment } from "../model/records.ts";

/** Keeps the files of radvd on a tmpfs in its own mount namespace. */
const SCRIPT = `
mount -t tmpfs -o size=1m,mode=700 radvd /run
printf %s "$1" >/run/radvd.conf
exec "$0" --nodaemon --logmethod=stderr --config=/run/radvd.conf --pidfile=/run/radvd.pid
`;

/** Returns the path of radvd(8). */
export function findRadvd(what: string): string {
  const found = locateProgram("radvd");
  if (found) return found.path;
  throw new Ipv6Error(
    `${what}: ipv6.advertiser is "radvd", which is not on this host: ` +
      `${installAdvice(["radvd"], readOsRelease())}, or use "builtin"`,
  );
}

/** Runs radvd(8) as a process of the router; restarts it for each change. */
export class RadvdAdvertiser implements Advertiser {
  #path: string;
  #segment: Segment;
  #about: () => Advertised;
  #child: Deno.ChildProcess | undefined;
  #link = "";

  constructor(path: string, segment: Segment, about: () => Advertised) {
    this.#path = path;
    this.#segment = segment;
    this.#about = about;
    this.moved();
  }

  announce(): void {
    this.#signal(this.#child, "SIGKILL");
    this.#child = undefined;
    const { name } = this.#segment.gatewayLink ?? {};
    this.#link = name ?? "";
    if (name) this.#child = this.#start(radvdConfig(name, this.#about()));
  }

  moved(): void {
    if (this.#segment.gatewayLink?.name !== this.#link) this.announce();
  }

  async retire(): Promise<void> {
    await this.#end("SIGTERM");
    // radvd sends no final advertisement if it has just started. RFC 4861 allows up to three of them.
    sendFinalAdvertisement(this.#segment, this.#about());
  }

  async close(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async #end(signal: Deno.Signal): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    this.#signal(child, signal);
    await child?.status;
  }

  #signal(child: Deno.ChildProcess | undefined, signal: Deno.Signal): void {
    const { sandbox } = this.#segment.owner.runtime;
    try {
      if (child && sandbox.signal) sandbox.signal(child.pid, signal);
      else child?.kill(signal);
    } catch {
      // Already ended.
    }
  }

  #start(config: string): Deno.ChildProcess {
    const { runtime } = this.#segment.owner;
    const script = ["sh", "-ec", SCRIPT, this.#path, config];
    const [file, ...args] = runtime.sandbox.wrap(program("unshare"), ["--mount", "--", ...script], {
      cwd: "/",
    });
    const command = new Deno.Command(file, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    });
    const child = runtime.sandbox.enter(() => command.spawn());
    runtime.track(this.#log(child));
    runtime.track(child.status);
    return child;
  }

  async #log(child: Deno.ChildProcess): Promise<void> {
    for await (const chunk of child.stderr) await this.#segment.owner.runtime.log("stderr", chunk);
  }
}
