import { AGENT, LOADER } from "./agent_files.ts";
import { type FatFile, fatVolume } from "./fat.ts";

/** The label by which cloud-init finds the volume. */
export const SEED_LABEL = "CIDATA";

/** The data for cloud-init's data source "NoCloud". */
export interface Seed {
  /** Identifies the instance: cloud-init does a first boot for each ID that is new to the guest. */
  instanceId: string;
  hostname: string;
  /** As the user wrote it: `#cloud-config ...`, or a script. Default: empty. */
  userData?: string;
  /** The files of the agent, for a guest that has none. */
  agent?: readonly FatFile[];
}

/**
 * Starts our agent if the guest has none. cloud-init runs it at each boot, as early as it can, and
 * independently of the user data.
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
  # Without the default dependencies, which wait for cloud-init itself.
  systemd-run --quiet --no-block --unit=netyard-agent --property=DefaultDependencies=no \\
    --property=Restart=always "$@"
else
  setsid "$@" </dev/null >/dev/null 2>&1 &
fi
`;

/** Returns the files of a seed. */
export function seedFiles(seed: Seed): FatFile[] {
  const { instanceId, hostname, userData = "#cloud-config\n{}\n", agent } = seed;
  const text = (name: string, content: string) => ({
    name,
    data: new TextEncoder().encode(content),
  });
  return [
    text("meta-data", `instance-id: ${instanceId}\nlocal-hostname: ${hostname}\n`),
    text("user-data", userData),
    // NICs are plugged in later, and configured through the agent: nothing must wait for them.
    text("network-config", "config: disabled\n"),
    ...agent ? [text("vendor-data", START_AGENT), ...agent] : [],
  ];
}

/** Makes the seed disk for cloud-init. */
export function seedDisk(seed: Seed): Uint8Array<ArrayBuffer> {
  return fatVolume(SEED_LABEL, seedFiles(seed));
}
