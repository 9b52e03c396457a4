import { type Device, Lab, type Region, RegionLink, type Router } from "@netyard/netyard";

/** A lab with some of everything, and handles that are not its own. */
export class World implements AsyncDisposable {
  private constructor(
    readonly lab: Lab,
    readonly other: Lab,
    readonly pc: Device,
    /** A router of the other lab; this one has its namesake. */
    readonly foreign: Router,
    readonly removed: Router,
    /** A region of the other lab; this one has its namesake. */
    readonly foreignRegion: Region,
    readonly removedRegion: Region,
  ) {}

  static async create(): Promise<World> {
    const lab = await Lab.create({ seed: 1 });
    const other = await Lab.create();
    const foreign = await other.addRouter("home");
    const home = await lab.addRouter("home", { preset: "home" });
    await lab.addRouter("four", { ipSupport: "v4-only" });
    await lab.addRouter("six", { ipSupport: "v6-only" });
    const full = await lab.addRouter("full", { downstreamCidr: "10.77.0.0/30" });
    const removed = await lab.addRouter("removed");
    await lab.remove(removed);
    await lab.addDevice("guest", { interfaces: { eth0: { gateway: full } } });
    const pc = await lab.addDevice("pc", { interfaces: { eth0: { gateway: home } } });
    const foreignRegion = await other.addRegion("eu");
    const eu = await lab.addRegion("eu");
    await lab.addRegion("us");
    await lab.addRegion("far");
    await lab.linkRegions(eu, "us", RegionLink.good(0));
    await lab.addRouter("dc", { region: eu });
    const gone = await lab.addRegion("gone");
    await lab.remove(gone);
    return new World(lab, other, pc, foreign, removed, foreignRegion, gone);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.close();
    await this.other.close();
  }
}

/** What is asked, the class of the error, and what its message says: the value, and the rule. */
export type Refusal = [
  name: string,
  ask: (world: World) => unknown,
  error: new (...args: never[]) => Error,
  ...says: string[],
];

// deno-lint-ignore no-explicit-any -- values that the compiler refuses must be refused at run time too
export type Wrong = any;

export const router = (name: Wrong, options: Wrong) => ({ lab }: World) =>
  lab.addRouter(name, options);
export const device = (name: Wrong, options: Wrong) => ({ lab }: World) =>
  lab.addDevice(name, options);
/** A device whose first interface is right, and the second is not. */
export const second = (options: Wrong, more: object = {}) =>
  device("new", { interfaces: { eth0: { gateway: "home" }, eth1: options }, ...more });
export const cidr = (downstreamCidr: Wrong, more: object = {}) =>
  router("new", { downstreamCidr, ...more });
