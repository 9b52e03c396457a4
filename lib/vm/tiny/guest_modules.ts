/**
 * The kernel modules that are loaded before the agent starts, for devices that may be plugged in at any
 * time.
 */
export const BOOT_MODULES: readonly string[] = [
  "virtio_pci",
  "virtio_console",
  "virtio_net",
  "virtio_blk",
  "virtio_rng",
  "button",
  "evdev",
  "pvpanic_pci",
];

/** Additional modules, which the kernel loads on demand. Modules that a kernel does not have are skipped. */
export const EXTRA_MODULES: readonly string[] = [
  "virtio_balloon",
  // devices
  ..."veth bridge br_netfilter tun tap dummy ifb macvlan macvtap ipvlan 8021q vrf vxlan".split(" "),
  ..."bonding ipip sit ip_gre ip6_gre ip6_tunnel wireguard".split(" "),
  // queues, their filters and actions
  ..."sch_netem sch_tbf sch_htb sch_hfsc sch_prio sch_ingress sch_codel sch_fq sch_red".split(" "),
  ..."sch_sfq sch_cake sch_drr sch_plug sch_mqprio sch_multiq sch_pie".split(" "),
  ..."cls_u32 cls_fw cls_flower cls_matchall cls_bpf cls_basic em_u32 em_meta em_cmp".split(" "),
  ..."act_mirred act_gact act_police act_skbedit act_bpf act_pedit act_csum act_nat".split(" "),
  ..."act_vlan act_connmark act_tunnel_key".split(" "),
  // nftables
  ..."nf_tables nf_conntrack nf_conntrack_netlink nf_nat nf_log_syslog nf_flow_table".split(" "),
  ..."nf_flow_table_inet nft_chain_nat nft_compat nft_connlimit nft_ct nft_fib nft_fib_inet".split(
    " ",
  ),
  ..."nft_fib_ipv4 nft_fib_ipv6 nft_fib_netdev nft_flow_offload nft_fwd_netdev".split(" "),
  ..."nft_dup_netdev nft_dup_ipv4 nft_dup_ipv6 nft_hash nft_limit nft_log nft_masq".split(" "),
  ..."nft_meta_bridge nft_nat nft_numgen nft_objref nft_queue nft_quota nft_redir".split(" "),
  ..."nft_reject nft_reject_inet nft_reject_ipv4 nft_reject_ipv6 nft_reject_bridge".split(" "),
  ..."nft_socket nft_synproxy nft_tproxy nft_tunnel nft_xfrm".split(" "),
  // for ss(8)
  ..."inet_diag tcp_diag udp_diag raw_diag unix_diag af_packet_diag netlink_diag".split(" "),
  ..."tcp_bbr mptcp_diag".split(" "),
  // for the root of the profile "host"
  "virtiofs",
  // file systems and disks
  ..."overlay squashfs loop isofs vfat nls_ascii nls_cp437".split(" "),
];
