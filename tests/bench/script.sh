#!/bin/bash
# The lab that a careful shell script builds: R home routers on an IX, D devices each.
#   script.sh R D RULESET_FILE [repeats]
#
#   ix: 198.18.0.1, routes     ri: 198.18.0.(i+1), NAT      ridj: 10.0.i.(j+1)
#   lo                         lan, or d1 if D is 1: 10.0.i.1
#   r1 ------------------- ix  d1 --------------------- eth0
#   r2 ...                     d2 ...
#
# In the ruleset, 198.18.0.2 stands for the router's own address on the IX. All neighbours are
# permanent: others share 1024 entries between all namespaces.
#
# Each repeat prints {"buildMs":..,"closeMs":..}. SCRIPT_HOLD=1 builds once and waits for the end
# of stdin; the namespaces then are /proc/PID/root/run/netns/{ix,r1,r1d1,...}, PID as printed.
# SCRIPT_JOBS is how many routers are built at once: as many as there are cores, unless told.
#
# Where the time goes is processes, so:
# - one `ip -batch` makes all namespaces, and each namespace is configured by one more;
# - `nsenter --net` (2.4 ms with its `ip`) instead of `ip -n` (3.5 ms at 600 namespaces, 4.4 at
#   1,200), which copies the mount table and mounts a sysfs for every call;
# - `exec`, so that an entry is one fork.
# SCRIPT_PLAIN=1 does without these: one router at a time, and entries as ip-netns(8) has them.
#
# The script runs in namespaces of its own with its own /run. So the names need no prefix, one
# umount deletes them all, and nothing is left over however the script ends.
set -euo pipefail
export LC_ALL=C # a point in $EPOCHREALTIME

if [[ -z ${SCRIPT_PRIVATE_RUN-} ]]; then
  if (($# < 3)); then
    echo "usage: script.sh R D RULESET_FILE [repeats]" >&2
    exit 2
  fi
  SCRIPT_PRIVATE_RUN=1 exec unshare --mount --net -- "$BASH" "$0" "$@"
fi
mount -t tmpfs netyard /run
mkdir /run/netns

declare -i routers=$1 devices=$2 repeats=${4:-1} jobs=${SCRIPT_JOBS:-$(nproc)}
plain=${SCRIPT_PLAIN-}
[[ -z $plain ]] || jobs=1
ruleset=$(<"$3")

ix_mac=02:00:00:00:00:01
ix_link_local=fe80::ff:fe00:1
lan=lan
((devices > 1)) || lan=d1 # one device needs no bridge: its cable carries the gateway's addresses

# A queue for each end: veth makes one a CPU and takes the rest away again, 0.2 ms a pair.
cable="mtu 1500 numtxqueues 1 numrxqueues 1"

sysctls='echo 1 >/proc/sys/net/ipv6/conf/default/addr_gen_mode'
router_sysctls="$sysctls"'
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'

# enter NAMESPACE SHELL_TEXT
enter() {
  if [[ -n $plain ]]; then
    ip netns exec "$1" sh -ec "$2"
  else
    nsenter --net="/run/netns/$1" sh -ec "$2"
  fi
}

# mac VAR KIND I J
mac() {
  printf -v "$1" '02:%02x:%02x:%02x:%02x:%02x' \
    "$2" $(($3 >> 8)) $(($3 & 255)) $(($4 >> 8)) $(($4 & 255))
}

# link_local VAR KIND I J: from the EUI-64 of that MAC
link_local() {
  printf -v "$1" 'fe80::%x:%x:%x:%x' "$2" $((($3 >> 8 << 8) | 0xff)) $((0xfe00 | ($3 & 255))) "$4"
}

# The addresses of router I, as variables of the caller.
name_router() {
  local -i wan=$1+1
  wan4=198.18.$((wan >> 8)).$((wan & 255))
  printf -v wan6 '2001:db8::%x' "$wan"
  lan4=10.$(($1 >> 8)).$(($1 & 255))
  printf -v lan6 'fd10:0:%x' "$1"
  mac wan_mac 1 "$1" 0
  mac gateway_mac 2 "$1" 0
  link_local wan_link_local 1 "$1" 0
  link_local gateway_link_local 2 "$1" 0
}

# The device makes the cable, because one entry then does: the router's batch only plugs it in.
build_device() {
  local -i i=$1 j=$2
  local device_mac port_mac device_link_local device6
  mac device_mac 3 "$i" "$j"
  mac port_mac 4 "$i" "$j"
  ((devices > 1)) || port_mac=$gateway_mac
  link_local device_link_local 3 "$i" "$j"
  printf -v device6 '%s::%x' "$lan6" $((j + 1))
  enter "r${i}d$j" "$sysctls; exec ip -batch -" <<END
link set lo up
link add name eth0 $cable address $device_mac up type veth peer name d$j $cable address $port_mac netns r$i
addr add $lan4.$((j + 1))/24 dev eth0
addr add $device6/64 dev eth0 nodad
addr add $device_link_local/64 dev eth0 nodad
route add default via $lan4.1 dev eth0
route add default via $gateway_link_local dev eth0
neigh add $lan4.1 lladdr $gateway_mac dev eth0 nud permanent
neigh add $gateway_link_local lladdr $gateway_mac dev eth0 nud permanent
END
  if ((devices > 1)); then
    plugs+="link set d$j master lan up"$'\n'
  else
    plugs+="link set d$j up"$'\n'
  fi
  neighbours+="neigh add $lan4.$((j + 1)) lladdr $device_mac dev $lan nud permanent"$'\n'
  neighbours+="neigh add $device6 lladdr $device_mac dev $lan nud permanent"$'\n'
}

build_router() {
  local -i i=$1 j
  local wan4 wan6 lan4 lan6 wan_mac gateway_mac wan_link_local gateway_link_local
  local plugs='' neighbours='' bridge=''
  name_router "$i"
  enter "r$i" "$router_sysctls"
  for ((j = 1; j <= devices; j++)); do build_device "$i" "$j"; done
  ((devices > 1)) && bridge="link add name lan mtu 1500 address $gateway_mac up type bridge"
  enter "r$i" 'ip -batch /dev/fd/3; exec nft -f -' 3<<END <<<"${ruleset//198.18.0.2/$wan4}"
link set lo up
link add name ix $cable address $wan_mac up type veth peer name r$i $cable address $ix_mac netns ix
addr add $wan4/32 dev ix
addr add $wan6/128 dev ix nodad
addr add $wan_link_local/64 dev ix nodad
route add default via 198.18.0.1 dev ix onlink
route add default via $ix_link_local dev ix
neigh add 198.18.0.1 lladdr $ix_mac dev ix nud permanent
neigh add $ix_link_local lladdr $ix_mac dev ix nud permanent
$bridge
${plugs}addr add $lan4.1/24 dev $lan
addr add $lan6::1/64 dev $lan nodad
addr add $gateway_link_local/64 dev $lan nodad
$neighbours
END
}

print_ix() {
  local -i i
  local wan4 wan6 lan4 lan6 wan_mac gateway_mac wan_link_local gateway_link_local
  for ((i = 1; i <= routers; i++)); do
    name_router "$i"
    echo "link set r$i up
addr add $ix_link_local/64 dev r$i nodad
route add $wan4/32 dev r$i
route add $wan6/128 dev r$i
route add $lan6::/64 via $wan6 dev r$i onlink
neigh add $wan4 lladdr $wan_mac dev r$i nud permanent
neigh add $wan6 lladdr $wan_mac dev r$i nud permanent"
  done
}

print_namespaces() {
  local -i i j
  echo "netns add ix"
  for ((i = 1; i <= routers; i++)); do
    echo "netns add r$i"
    for ((j = 1; j <= devices; j++)); do echo "netns add r${i}d$j"; done
  done
}

build() {
  local -i i
  local builders=()
  mount -t tmpfs netyard /run/netns
  print_namespaces | ip -batch -
  enter ix "$router_sysctls; exec ip -batch -" <<END
link set lo up
addr add 198.18.0.1/32 dev lo
addr add 2001:db8::1/128 dev lo nodad
END
  for ((i = 1; i <= routers; i++)); do
    ((i <= jobs)) || wait "${builders[i - jobs]}"
    build_router "$i" &
    builders[i]=$!
  done
  for ((i = routers - jobs; i <= routers; i++)); do
    ((i < 1)) || wait "${builders[i]}"
  done
  print_ix | enter ix 'exec ip -batch -'
}

clock() {
  us=${EPOCHREALTIME/./}
}

declare -i us start built closing
while ((repeats-- > 0)); do
  clock && start=us
  build
  clock && built=us-start
  if [[ ${SCRIPT_HOLD-} == 1 ]]; then
    printf '{"buildMs":%d.%03d,"closeMs":0,"pid":%d}\n' $((built / 1000)) $((built % 1000)) $$
    while read -r _; do :; done # a child would outlive a killed script
    exit
  fi
  clock && start=us
  umount --lazy /run/netns
  clock && closing=us-start
  printf '{"buildMs":%d.%03d,"closeMs":%d.%03d}\n' $((built / 1000)) $((built % 1000)) \
    $((closing / 1000)) $((closing % 1000))
done
