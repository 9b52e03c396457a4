import { AGENT_PORT, type GuestFile, guestFiles } from "../tiny/guest_files.ts";
import { BOOT_MODULES } from "../tiny/guest_modules.ts";

/** The virtiofs tag of this host's root. */
export const ROOT_TAG = "host";

/** Where the initramfs stays reachable, with busybox and the agent. */
const OWN = "/netyard";
const BUSYBOX = `${OWN}/usr/bin/busybox`;

const INIT = `#!/bin/busybox sh
# The first process: mounts this host's root, read-only, below a file system in memory, and continues
# there. What is still needed of the initramfs stays in ${OWN}.
fail() { echo "netyard: $1" >&2; sleep 1; exit 1; }
mount -t proc -o nosuid,nodev,noexec proc /proc
mount -t sysfs -o nosuid,nodev,noexec sys /sys
mount -t devtmpfs -o nosuid dev /dev
mkdir -p /dev/pts /dev/shm /dev/net /dev/virtio-ports
mount -t devpts -o nosuid,noexec,gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o nosuid,nodev shm /dev/shm
ln -s /proc/self/fd /dev/fd
ln -s fd/0 /dev/stdin; ln -s fd/1 /dev/stdout; ln -s fd/2 /dev/stderr
[ -e /dev/net/tun ] || mknod /dev/net/tun c 10 200
echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad
modprobe -a ${BOOT_MODULES.join(" ")} virtiofs overlay
ip link set lo up
mkdir -p /below /above /root ${OWN}/usr
mount -t virtiofs -o ro ${ROOT_TAG} /below || fail "this host's root cannot be mounted"
mount -t tmpfs -o mode=755,size=80% above /above
mkdir /above/upper /above/work
mount -t overlay -o lowerdir=/below,upperdir=/above/upper,workdir=/above/work host /root ||
  fail "no overlay can be mounted over this host's root"
for dir in proc sys dev; do
  mkdir -p /root/$dir
  mount --move /$dir /root/$dir
done
mkdir -p /root/tmp /root/run /root/var/tmp
mount -t tmpfs -o nosuid,nodev,mode=1777 tmp /root/tmp
mount -t tmpfs -o nosuid,nodev,mode=1777 tmp /root/var/tmp
mount -t tmpfs -o nosuid,nodev,mode=755 run /root/run
mkdir -p /root${OWN} /root/lib/modules /root/run/lock
mount --bind /usr ${OWN}/usr
mount --rbind ${OWN} /root${OWN}
# The modules of the running kernel.
mount --bind /usr/lib/modules /root/lib/modules
echo ${OWN}/modprobe > /root/proc/sys/kernel/modprobe
cp ${OWN}/inittab /root/etc/inittab
for name in shutdown modprobe; do ln -sfn ${OWN}/$name /root/sbin/$name; done
[ -e /root/sbin/hwclock ] || ln -s ${BUSYBOX} /root/sbin/hwclock
cd /root
mount --move . /
exec chroot . ${BUSYBOX} init < /dev/console > /dev/console 2>&1
`;

const INITTAB = `::respawn:${OWN}/agent
::respawn:${OWN}/power
ttyS0::askfirst:-/bin/sh
::ctrlaltdel:${OWN}/shutdown -r
`;

// With its own loader: this host may have other versions of the libraries.
const AGENT = `#!${BUSYBOX} sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
for try in 0 1 2 3 4 5 6 7 8 9; do
  for port in /sys/class/virtio-ports/*; do
    [ -r "$port/name" ] && read -r name < "$port/name" && [ -n "$name" ] &&
      [ ! -e "/dev/virtio-ports/$name" ] && ln -sf "../\${port##*/}" "/dev/virtio-ports/$name"
  done
  [ -e /dev/virtio-ports/${AGENT_PORT} ] &&
    exec ${OWN}/usr/lib64/ld-linux-x86-64.so.2 --library-path ${OWN}/usr/lib/x86_64-linux-gnu \\
      ${OWN}/usr/bin/qemu-ga -m virtio-serial -p /dev/virtio-ports/${AGENT_PORT}
  sleep 0.1
done
sleep 5
`;

const POWER = `#!${BUSYBOX} sh
exec acpid -d -c ${OWN}/acpi -l /dev/null < /dev/null > /dev/null 2>&1
`;

const MODPROBE = `#!${BUSYBOX} sh
exec modprobe "$@"
`;

/** Returns the files that the guest has in addition to those of `tiny`, or in place of them. */
export function hostGuestFiles(): GuestFile[] {
  return [
    { path: "init", text: INIT, executable: true },
    { path: "netyard/inittab", text: INITTAB },
    { path: "netyard/agent", text: AGENT, executable: true },
    { path: "netyard/power", text: POWER, executable: true },
    { path: "netyard/modprobe", text: MODPROBE, executable: true },
    ...[["netyard/down", "netyard/down"], ["netyard/shutdown", "netyard/shutdown"], [
      "etc/acpi/PWRF/00000080",
      "netyard/acpi/PWRF/00000080",
    ]].map(([from, path]) => ({ path, text: ofTiny(from), executable: true })),
  ];
}

/** Returns a script of the `tiny` guest for a guest whose /bin is this host's. */
function ofTiny(path: string): string {
  const { text } = guestFiles().find((file) => file.path === path)!;
  return text.replace("#!/bin/busybox", `#!${BUSYBOX}`);
}
