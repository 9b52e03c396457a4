#!/bin/sh
# What a simulation of two devices behind one router does, by hand: ip(8) with batches, a ping, and
# away with it. In namespaces of its own, so that no name on the host is used.
#
#   unshare --net --mount --propagation private sh two_nodes.sh COUNT [COMMAND...]
set -e
count=$1
shift
mount -t tmpfs tmpfs /run
for _ in $(seq "$count"); do
  ip -batch - <<END
netns add r
netns add a
netns add b
link add a0 netns r type veth peer name eth0 netns a
link add b0 netns r type veth peer name eth0 netns b
END
  ip -n r -batch - <<END
link add lan type bridge
link set a0 master lan up
link set b0 master lan up
addr add 10.0.0.1/24 dev lan
link set lan up
END
  for node in a:2 b:3; do
    ip -n "${node%:*}" -batch - <<END
link set lo up
addr add 10.0.0.${node#*:}/24 dev eth0
link set eth0 up
route add default via 10.0.0.1
END
  done
  [ $# -eq 0 ] || ip netns exec a "$@" > /dev/null
  ip -batch - <<END
netns del a
netns del b
netns del r
END
done
