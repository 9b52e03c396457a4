import { BOOT_MODULES } from "./guest_modules.ts";

/** The name of the agent's port, the same as on QEMU's command line. */
export const AGENT_PORT = "org.qemu.guest_agent.0";

/**
 * The kernel's command line.
 *
 * - `norandmaps`: programs are loaded at the same addresses each time, so that QEMU reuses translated
 *   code; a dynamic program starts in 24 ms instead of 72.
 * - `panic=-1`: a panic restarts immediately, and with QEMU's `-no-reboot` ends the machine.
 * - `quiet`: the console shows errors and panics; dmesg(1) has the rest.
 * - `tsc=reliable no_timer_check`, `cryptomgr.notests`, `mitigations=off`, `audit=0`: skip work that a
 *   temporary emulated guest does not need.
 * - `init_on_free=1`: free memory is zero, so that a saved machine is as small as possible.
 * - `rcupdate.rcu_expedited=1`: adding and removing interfaces and rules does not wait for a grace period.
 */
export const CMDLINE: string = [
  "console=ttyS0",
  "quiet",
  "panic=-1",
  "nokaslr",
  "norandmaps",
  "mitigations=off",
  "audit=0",
  "no_timer_check",
  "tsc=reliable",
  "8250.nr_uarts=1",
  "cryptomgr.notests",
  "random.trust_cpu=on",
  "rcupdate.rcu_expedited=1",
  "init_on_free=1",
  "net.ifnames=0",
].join(" ");

/** A text file. */
export interface GuestFile {
  /** Without a leading slash. */
  path: string;
  /** Its content. */
  text: string;
  /** Whether it is executable. */
  executable?: boolean;
}

const PROFILE = `export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
PS1='tiny:$PWD# '
cd
`;

const INIT = `#!/bin/busybox sh
# The first process: what the agent needs and no more, and then init(8) of busybox.
mount -t proc -o nosuid,nodev,noexec proc /proc
mount -t sysfs -o nosuid,nodev,noexec sys /sys
mount -t devtmpfs -o nosuid dev /dev
mkdir -p /dev/pts /dev/shm /dev/net /dev/virtio-ports
mount -t devpts -o nosuid,noexec,gid=5,mode=620 devpts /dev/pts
mount -t tmpfs -o nosuid,nodev shm /dev/shm
ln -s /proc/self/fd /dev/fd
ln -s fd/0 /dev/stdin; ln -s fd/1 /dev/stdout; ln -s fd/2 /dev/stderr
# Opening these loads their modules.
mknod /dev/net/tun c 10 200
mknod /dev/loop-control c 10 237
# Addresses work at once, without asking whether another has them.
echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad
echo tiny > /proc/sys/kernel/hostname
modprobe -a ${BOOT_MODULES.join(" ")}
ip link set lo up
exec init
`;

// Busybox's init starts these again when they end. The console has the plain shell, which writes no
// escape sequences; ash has history and editing for interactive use.
const INITTAB = `::respawn:/netyard/agent
::respawn:/netyard/power
ttyS0::askfirst:-/bin/sh
::ctrlaltdel:/sbin/shutdown -r
`;

const AGENT = `#!/bin/busybox sh
# The agent, as soon as its port is there; ports get names in /dev/virtio-ports as udev gives them.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
for try in 0 1 2 3 4 5 6 7 8 9; do
  for port in /sys/class/virtio-ports/*; do
    [ -r "$port/name" ] && read -r name < "$port/name" && [ -n "$name" ] &&
      [ ! -e "/dev/virtio-ports/$name" ] && ln -sf "../\${port##*/}" "/dev/virtio-ports/$name"
  done
  [ -e /dev/virtio-ports/${AGENT_PORT} ] &&
    exec qemu-ga -m virtio-serial -p /dev/virtio-ports/${AGENT_PORT}
  sleep 0.1
done
sleep 5
`;

const POWER = `#!/bin/busybox sh
# Waits for the power button.
exec acpid -d -c /etc/acpi -l /dev/null < /dev/null > /dev/null 2>&1
`;

// The agent calls this with -P, -H or -r, and waits for it; /netyard/down then continues without the agent.
const SHUTDOWN = `#!/bin/busybox sh
case " $* " in
  *" -r "*) act=reboot ;;
  *" -H "*) act=halt ;;
  *) act=poweroff ;;
esac
exec setsid /netyard/down $act < /dev/null > /dev/null 2>&1 &
`;

const DOWN = `#!/bin/busybox sh
# Ends what runs, within a second, unmounts disks, and then turns the machine off.
act=$1
kill -TSTP 1 # init starts nothing again
kill -TERM -1
kill -HUP -1
kill -CONT -1
users() {
  for process in /proc/[0-9]*; do
    # Threads of the kernel have no program.
    case \${process#/proc/} in 1 | $$) ;; *) [ -e $process/exe ] && return 0 ;; esac
  done
  return 1
}
for try in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do
  users || break
  sleep 0.05
done
kill -KILL -1
sync
umount -a -r
exec $act -f
`;

/** Returns the text files of the guest, the same for each guest. */
export function guestFiles(): GuestFile[] {
  return [
    { path: "init", text: INIT, executable: true },
    { path: "etc/inittab", text: INITTAB },
    { path: "etc/profile", text: PROFILE },
    { path: "etc/passwd", text: "root::0:0:root:/root:/bin/sh\n" },
    { path: "etc/group", text: "root:x:0:\ntty:x:5:\n" },
    { path: "etc/hostname", text: "tiny\n" },
    { path: "etc/hosts", text: "127.0.0.1 localhost tiny\n::1 localhost ip6-localhost\n" },
    { path: "etc/nsswitch.conf", text: "passwd: files\ngroup: files\nhosts: files dns\n" },
    { path: "etc/shells", text: "/bin/sh\n/bin/ash\n" },
    { path: "etc/os-release", text: 'ID=netyard-tiny\nPRETTY_NAME="Netyard tiny guest"\n' },
    { path: "netyard/agent", text: AGENT, executable: true },
    { path: "netyard/power", text: POWER, executable: true },
    { path: "netyard/down", text: DOWN, executable: true },
    { path: "netyard/shutdown", text: SHUTDOWN, executable: true },
    {
      path: "etc/acpi/PWRF/00000080", // the event of the button, as busybox's acpid names it
      text: "#!/bin/busybox sh\nexec /sbin/shutdown -P\n",
      executable: true,
    },
  ];
}
