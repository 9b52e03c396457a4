import { type Duration, milliseconds } from "../../options/duration.ts";
import { type BootSource, profileHash, type ProfileSite } from "../profile/profile.ts";
import { checkedImage, ownDisk } from "../profile/profile_disk.ts";
import { tinyBootFiles } from "../tiny/boot_files.ts";
import { agentFiles } from "./agent_files.ts";
import { seedDisk } from "./seed.ts";

const DEFAULT_BOOT_MS = 60_000;

/** The image, and what its machines get; see `ImageProfileOptions`. */
interface ImageSetup {
  path: string;
  format?: "raw" | "qcow2";
  userData?: string;
  name: string;
  agentTimeout?: Duration;
  agent: boolean;
}

/** Builds the seed disk of an image, and says how a machine boots from both. */
export async function prepareImage(
  what: string,
  given: ImageSetup,
  { directory, onProgress }: ProfileSite,
): Promise<BootSource> {
  const { name, agent } = given;
  const image = await checkedImage(what, given);
  const root = await ownDisk(what, "root", image, directory);
  const seed = `${directory}/seed.img`;
  const tiny = agent ? await tinyBootFiles({ onProgress }) : undefined;
  await Deno.writeFile(
    seed,
    seedDisk({
      // The same for all: they resume from the first one's boot, and get their names afterwards.
      instanceId: "netyard",
      hostname: "netyard",
      userData: given.userData,
      agent: tiny && agentFiles(await Deno.readFile(tiny.initrd)),
    }),
  );
  return {
    name,
    arch: "x86_64",
    hash: profileHash([image, given.userData, tiny?.hash]),
    drives: [root, { id: "seed", path: seed, format: "raw", readOnly: true }],
    // Distributions for x86-64-v2 do not start on an older processor.
    emulatedCpu: "Nehalem",
    canBeSaved: true,
    ip: "ip",
    bootMs: given.agentTimeout === undefined ? DEFAULT_BOOT_MS : milliseconds(given.agentTimeout),
    noAgent: agent
      ? "cloud-init must start it; the image must have cloud-init, or the QEMU guest agent " +
        "(package qemu-guest-agent)"
      : "the image must have the QEMU guest agent (package qemu-guest-agent)",
  };
}
