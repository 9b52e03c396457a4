// Batches of rtnetlink messages without libmnl, and the few message shapes that floor.c needs.
// The shapes repeat what `ip` sends for the same words, so that script.sh wires the same.
#pragma once
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

// A message here is below 400 bytes. The kernel takes up to 208 KiB in one send; beyond some
// 100 messages the saved system calls no longer show.
enum { BATCH_BYTES = 32768, MESSAGE_BYTES = 512, MTU = 1500 };

struct batch {
  int fd;
  uint32_t len;
  _Alignas(4) uint8_t bytes[BATCH_BYTES];
};

struct mac {
  uint8_t bytes[6];
};

struct address {
  int family;
  uint8_t bytes[16];
};

struct end {
  int index;
  const char *name;
  struct mac mac;
  int master;  // 0: none
  int net;     // the namespace's fd, or -1: where the message is sent
};

static inline void die(const char *what) {
  fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
  exit(1);
}

// Without NLM_F_ACK the kernel answers errors only, and has done so when send returns. So one
// read that finds nothing says that every message was accepted.
static inline void refuse_errors(int fd, const char *what) {
  _Alignas(4) uint8_t answer[8192];
  ssize_t got = recv(fd, answer, sizeof answer, MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return;
  if (got < 0) die(what);
  const struct nlmsghdr *msg = (const void *)answer;
  for (; NLMSG_OK(msg, got); msg = NLMSG_NEXT(msg, got)) {
    if (msg->nlmsg_type != NLMSG_ERROR) continue;
    const struct nlmsgerr *refused = NLMSG_DATA(msg);
    if (refused->error == 0) continue;
    errno = -refused->error;
    fprintf(stderr, "floor: message type 0x%x, sequence %u refused\n", refused->msg.nlmsg_type,
            refused->msg.nlmsg_seq);
    die(what);
  }
}

static inline void flush(struct batch *b) {
  if (b->len == 0) return;
  if (send(b->fd, b->bytes, b->len, 0) != b->len) die("send to rtnetlink");
  refuse_errors(b->fd, "rtnetlink");
  b->len = 0;
}

static inline void *reserve(struct batch *b, uint32_t len) {
  void *at = b->bytes + b->len;
  memset(at, 0, NLMSG_ALIGN(len));
  b->len += NLMSG_ALIGN(len);
  return at;
}

static inline struct nlmsghdr *begin(struct batch *b, int type, int flags) {
  if (b->len + MESSAGE_BYTES > BATCH_BYTES) flush(b);
  struct nlmsghdr *msg = reserve(b, NLMSG_HDRLEN);
  msg->nlmsg_type = type;
  msg->nlmsg_flags = NLM_F_REQUEST | flags;
  return msg;
}

static inline void end(struct batch *b, struct nlmsghdr *msg) {
  msg->nlmsg_len = b->bytes + b->len - (uint8_t *)msg;
}

static inline struct rtattr *attr(struct batch *b, int type, const void *data, int len) {
  struct rtattr *a = reserve(b, RTA_LENGTH(len));
  a->rta_type = type;
  a->rta_len = RTA_LENGTH(len);
  if (len > 0) memcpy(RTA_DATA(a), data, len);
  return a;
}

static inline void attr_u32(struct batch *b, int type, uint32_t value) {
  attr(b, type, &value, sizeof value);
}

static inline void attr_address(struct batch *b, int type, struct address a) {
  attr(b, type, a.bytes, a.family == AF_INET ? 4 : 16);
}

static inline void close_nest(struct batch *b, struct rtattr *nest) {
  nest->rta_len = b->bytes + b->len - (uint8_t *)nest;
}

static inline void put_ifinfo(struct batch *b, int index, unsigned flags) {
  struct ifinfomsg *info = reserve(b, sizeof *info);
  info->ifi_index = index;
  info->ifi_flags = info->ifi_change = flags;
}

// A queue each: veth uses no more unless told, but makes one a CPU and takes the rest away again,
// which waits for an RCU grace period (0.2 ms a pair).
static inline void put_end(struct batch *b, const struct end *e) {
  attr(b, IFLA_IFNAME, e->name, strlen(e->name) + 1);
  attr(b, IFLA_ADDRESS, e->mac.bytes, 6);
  attr_u32(b, IFLA_MTU, MTU);
  attr_u32(b, IFLA_NUM_TX_QUEUES, 1);
  attr_u32(b, IFLA_NUM_RX_QUEUES, 1);
  if (e->master != 0) attr_u32(b, IFLA_MASTER, e->master);
  if (e->net >= 0) attr_u32(b, IFLA_NET_NS_FD, e->net);
}

static inline void set_up(struct batch *b, int index) {
  struct nlmsghdr *msg = begin(b, RTM_NEWLINK, 0);
  put_ifinfo(b, index, IFF_UP);
  end(b, msg);
}

static inline void add_bridge(struct batch *b, const struct end *e) {
  struct nlmsghdr *msg = begin(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  put_ifinfo(b, e->index, IFF_UP);
  put_end(b, e);
  struct rtattr *info = attr(b, IFLA_LINKINFO, NULL, 0);
  attr(b, IFLA_INFO_KIND, "bridge", 7);
  close_nest(b, info);
  end(b, msg);
}

// Both ends where they belong: moving one afterwards costs 14 ms. Numbers of our own save asking
// for the kernel's. The far end stays down: the kernel would open it before it has a peer, and
// refuse (ENOTCONN).
static inline void add_veth(struct batch *b, const struct end *near, const struct end *far) {
  struct nlmsghdr *msg = begin(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  put_ifinfo(b, near->index, IFF_UP);
  put_end(b, near);
  struct rtattr *info = attr(b, IFLA_LINKINFO, NULL, 0);
  attr(b, IFLA_INFO_KIND, "veth", 5);
  struct rtattr *data = attr(b, IFLA_INFO_DATA, NULL, 0);
  struct rtattr *peer = attr(b, VETH_INFO_PEER, NULL, 0);
  put_ifinfo(b, far->index, 0);
  put_end(b, far);
  close_nest(b, peer);
  close_nest(b, data);
  close_nest(b, info);
  end(b, msg);
}

static inline void add_address(struct batch *b, int index, struct address a, int prefix) {
  struct nlmsghdr *msg = begin(b, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
  struct ifaddrmsg *body = reserve(b, sizeof *body);
  body->ifa_family = a.family;
  body->ifa_prefixlen = prefix;
  body->ifa_index = index;
  if (a.family == AF_INET6) body->ifa_flags = IFA_F_NODAD;
  attr_address(b, IFA_LOCAL, a);
  attr_address(b, IFA_ADDRESS, a);
  end(b, msg);
}

// A prefix of 0 is the default route. `via` may be NULL: on the link.
static inline void add_route(struct batch *b, int index, struct address to, int prefix,
                             const struct address *via, int flags) {
  struct nlmsghdr *msg = begin(b, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
  struct rtmsg *body = reserve(b, sizeof *body);
  body->rtm_family = to.family;
  body->rtm_dst_len = prefix;
  body->rtm_table = RT_TABLE_MAIN;
  body->rtm_protocol = RTPROT_BOOT;
  body->rtm_type = RTN_UNICAST;
  body->rtm_flags = flags;
  if (via == NULL && to.family == AF_INET) body->rtm_scope = RT_SCOPE_LINK;
  if (prefix > 0) attr_address(b, RTA_DST, to);
  if (via != NULL) attr_address(b, RTA_GATEWAY, *via);
  attr_u32(b, RTA_OIF, index);
  end(b, msg);
}

// Permanent, because the neighbour table is one for all namespaces and full at 1024 entries:
// only permanent ones do not count.
static inline void add_neighbour(struct batch *b, int index, struct address a, struct mac mac) {
  struct nlmsghdr *msg = begin(b, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_EXCL);
  struct ndmsg *body = reserve(b, sizeof *body);
  body->ndm_family = a.family;
  body->ndm_ifindex = index;
  body->ndm_state = NUD_STALE;
  body->ndm_flags = NTF_EXT_LEARNED;
  attr_address(b, NDA_DST, a);
  attr(b, NDA_LLADDR, mac.bytes, 6);
  end(b, msg);
}
