import { AGENT, LOADER } from "./agent_files.ts";
import { type FatFile, fatVolume } from "./fat.ts";

/** By which cloud-init finds the volume. */
export const SEED_LABEL = "CIDATA";

/** What a guest is told by cloud-init's data source "NoCloud". */
export interface Seed {
  /** Unique to the machine: one that is new to the guest has it set itself up anew. */
  instanceId: string;
  hostname: string;
  /** As the user wrote it: `#cloud-config ...`, or a script. Default: nothing. */
  userData?: string;
  /** The agent, for a guest that has none. */
  agent?: readonly FatFile[];
}

/**
 * Starts our agent where the guest has none. It is run each time that the guest boots, as early as
 * cloud-init can, and leaves the user's own data as it is.
 */
const START_AGENT = `#cloud-boothook
#!/bin/sh
command -v qemu-ga >/dev/null && exit 0
port=/dev/virtio-ports/org.qemu.guest_agent.0
[ -e "$port" ] || exit 0
own=/run/netyard
mkdir -p $own
mount -t tmpfs -o mode=755,exec netyard $own || exit 0
mkdir $own/seed
mount -o ro LABEL=${SEED_LABEL} $own/seed || exit 0
cp $own/seed/${AGENT} $own/seed/*.so* $own/
umount $own/seed
chmod 755 $own/*
set -- $own/${LOADER} --library-path $own $own/${AGENT} -m virtio-serial -p $port
if command -v systemd-run >/dev/null; then
  # What systemd has others wait for waits for cloud-init itself.
  systemd-run --quiet --no-block --unit=netyard-agent --property=DefaultDependencies=no \\
    --property=Restart=always "$@"
else
  setsid "$@" </dev/null >/dev/null 2>&1 &
fi
`;

/** The files of a seed. */
export function seedFiles(seed: Seed): FatFile[] {
  const { instanceId, hostname, userData = "#cloud-config\n{}\n", agent } = seed;
  const text = (name: string, content: string) => ({
    name,
    data: new TextEncoder().encode(content),
  });
  return [
    text("meta-data", `instance-id: ${instanceId}\nlocal-hostname: ${hostname}\n`),
    text("user-data", userData),
    // Its cards are plugged in later, and set up by way of the agent: nothing is to wait for them.
    text("network-config", "config: disabled\n"),
    ...agent ? [text("vendor-data", START_AGENT), ...agent] : [],
  ];
}

/** A disk for cloud-init. */
export function seedDisk(seed: Seed): Uint8Array<ArrayBuffer> {
  return fatVolume(SEED_LABEL, seedFiles(seed));
}
