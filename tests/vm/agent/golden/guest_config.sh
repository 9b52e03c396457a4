ip='busybox ip'
pause='usleep 10000'; command -v usleep >/dev/null || pause='sleep 0.01'

find_link() {
  tries=0 settled=
  while :; do
    for dir in /sys/class/net/*; do
      read -r mac <"$dir/address" && [ "$mac" = "$1" ] || continue
      [ "$settled" ] || [ ! -e /run/udev/control ] ||
        { settled=1; udevadm settle --timeout=10; continue 2; }
      link=${dir##*/}
      [ "$link" = "$2" ] && return
      $ip link set dev "$link" down
      [ ! -e "/sys/class/net/$2" ] || { $ip link set dev "$2" down; $ip link set dev "$2" name "$2.old"; }
      $ip link set dev "$link" name "$2"
      return
    done
    tries=$((tries + 1))
    [ $tries -lt 500 ] || { echo "no link with the address $1 ($2) came up" >&2; exit 1; }
    $pause
  done
}

set -e
hostname nas 2>/dev/null || echo nas >/proc/sys/kernel/hostname
cat >/etc/hosts <<'END'
127.0.0.1	localhost
10.0.1.3	laptop.home
END
cat >/etc/resolv.conf <<'END'
nameserver 10.0.1.1
END

find_link 02:00:00:00:00:01 eth0
[ ! -d /proc/sys/net/ipv6/conf/eth0 ] || { echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad; echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_ra; echo 1 >/proc/sys/net/ipv6/conf/eth0/addr_gen_mode; }
$ip addr flush dev eth0
$ip link set dev eth0 mtu 1500 up
$ip addr replace 10.0.1.2/24 dev eth0
$ip -6 addr replace fd10:0:1::2/64 dev eth0
$ip -6 addr replace fe80::ff:fe00:1/64 dev eth0
$ip route replace default via 10.0.1.1 dev eth0
$ip -6 route replace default via fe80::1 dev eth0

find_link 02:00:00:00:00:02 eth1
[ ! -d /proc/sys/net/ipv6/conf/eth1 ] || { echo 0 >/proc/sys/net/ipv6/conf/eth1/accept_dad; echo 0 >/proc/sys/net/ipv6/conf/eth1/accept_ra; echo 1 >/proc/sys/net/ipv6/conf/eth1/addr_gen_mode; }
$ip addr flush dev eth1
$ip link set dev eth1 mtu 1400 up
