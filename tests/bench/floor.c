// The floor under any builder of labs: the topology that script.sh draws, in one process,
// without a library, with as few system calls as it can be done.
//   floor R D BATCHFILE [repeats]     BATCHFILE: see capture.c
// FLOOR_HOLD=1 builds once and waits for the end of stdin. The namespaces then are
// /proc/PID/fd/N, with N as printed.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "netlink.h"

enum { LOOPBACK = 1, ETH0 = 2, LAN = 2, WAN = 3, FIRST_PORT = 10 };
enum { TEMPLATE_WAN = 0xc6120002 };  // 198.18.0.2

static struct ruleset {
  uint8_t *bytes;
  size_t len;
  size_t *wan;  // offsets of the template's WAN address
  size_t wan_count;
} ruleset;

static int *nets, net_count;
static int *device_sockets;
static int proc_dir = -1;

// ---- addresses

static struct address v4(uint32_t value) {
  struct address a = {AF_INET, {value >> 24, value >> 16, value >> 8, value}};
  return a;
}

static struct address v6(uint16_t g0, uint16_t g1, uint16_t g2, uint16_t last) {
  struct address a = {AF_INET6, {g0 >> 8, g0, g1 >> 8, g1, g2 >> 8, g2}};
  a.bytes[14] = last >> 8;
  a.bytes[15] = last;
  return a;
}

static struct mac mac(uint8_t kind, uint16_t i, uint16_t j) {
  return (struct mac){{2, kind, i >> 8, i, j >> 8, j}};
}

static struct address link_local(struct mac m) {
  const uint8_t *b = m.bytes;
  return (struct address){
      AF_INET6, {0xfe, 0x80, 0, 0, 0, 0, 0, 0, b[0] ^ 2, b[1], b[2], 0xff, 0xfe, b[3], b[4], b[5]}};
}

static struct mac ix_mac(void) { return mac(0, 0, 1); }
static struct mac wan_mac(int i) { return mac(1, i, 0); }
static struct mac gateway_mac(int i) { return mac(2, i, 0); }
static struct mac device_mac(int i, int j) { return mac(3, i, j); }
static struct mac port_mac(int i, int j) { return mac(4, i, j); }

static struct address ix4(void) { return v4(0xc6120001); }
static struct address ix6(void) { return v6(0x2001, 0xdb8, 0, 1); }
static struct address wan4(int i) { return v4(0xc6120001 + i); }
static struct address wan6(int i) { return v6(0x2001, 0xdb8, 0, i + 1); }
static struct address lan4(int i, int host) { return v4(10u << 24 | i << 8 | host); }
static struct address lan6(int i, int host) { return v6(0xfd10, 0, i, host); }

// ---- the ruleset

static uint32_t word_at(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return ntohl(value);
}

// An address in a rule or an element is a word in the payload of an NFTA_DATA_VALUE. Searching
// there alone keeps a time, a handle or a name of the same four bytes as it is.
static void find_wan(size_t from, size_t to) {
  while (from + NLA_HDRLEN <= to) {
    const struct nlattr *a = (const void *)(ruleset.bytes + from);
    if (a->nla_len < NLA_HDRLEN) return;
    size_t start = from + NLA_HDRLEN, stop = from + a->nla_len;
    if (stop > to) return;
    if (a->nla_type & NLA_F_NESTED) {
      find_wan(start, stop);
    } else if ((a->nla_type & NLA_TYPE_MASK) == NFTA_DATA_VALUE) {
      for (size_t at = start; at + 4 <= stop; at += 4) {
        if (word_at(ruleset.bytes + at) == TEMPLATE_WAN) ruleset.wan[ruleset.wan_count++] = at;
      }
    }
    from += NLA_ALIGN(a->nla_len);
  }
}

static void load_ruleset(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  struct stat file;
  if (fd < 0 || fstat(fd, &file) != 0) die(path);
  ruleset.len = file.st_size;
  ruleset.bytes = malloc(ruleset.len + 1);
  ruleset.wan = malloc((ruleset.len / 4 + 1) * sizeof *ruleset.wan);
  if (read(fd, ruleset.bytes, ruleset.len) != file.st_size) die(path);
  close(fd);
  for (size_t at = 0; at + NLMSG_HDRLEN <= ruleset.len;) {
    const struct nlmsghdr *msg = (const void *)(ruleset.bytes + at);
    if (msg->nlmsg_len < NLMSG_HDRLEN || at + msg->nlmsg_len > ruleset.len) {
      errno = EBADMSG;
      die(path);
    }
    size_t body = at + NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg));
    if (msg->nlmsg_type >= NLMSG_MIN_TYPE && msg->nlmsg_type >> 8 == NFNL_SUBSYS_NFTABLES) {
      find_wan(body, at + msg->nlmsg_len);
    }
    at += NLMSG_ALIGN(msg->nlmsg_len);
  }
}

// The kernel reads no further than one NFNL_MSG_BATCH_END in one send.
static void send_ruleset(int fd, int i) {
  struct address wan = wan4(i);
  for (size_t w = 0; w < ruleset.wan_count; w++) {
    memcpy(ruleset.bytes + ruleset.wan[w], wan.bytes, 4);
  }
  // 208 KiB is what a socket sends at most unless told.
  int room = ruleset.len * 2;
  if (ruleset.len > 200000) setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
  for (size_t from = 0, to = 0; from < ruleset.len; from = to) {
    const struct nlmsghdr *msg;
    do {
      msg = (const void *)(ruleset.bytes + to);
      to += NLMSG_ALIGN(msg->nlmsg_len);
    } while (to < ruleset.len && msg->nlmsg_type != NFNL_MSG_BATCH_END);
    if (send(fd, ruleset.bytes + from, to - from, 0) < 0) die("send to nf_tables");
    refuse_errors(fd, "nf_tables");
  }
}

// ---- namespaces

// A procfs of our own, new for every 100 namespaces. One procfs keeps a directory entry of the same
// name for each namespace in one hash chain: at 1,000 namespaces a look-up is 0.25 ms, together
// a tenth of the build. In a user namespace only /proc itself is allowed.
static void refresh_proc(void) {
  if (net_count % 100 != 0) return;
  if (proc_dir >= 0) close(proc_dir);
  proc_dir = -1;
  int fs = syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);
  if (fs >= 0 && syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0) {
    proc_dir = syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
  }
  if (fs >= 0) close(fs);
  if (proc_dir < 0) proc_dir = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (proc_dir < 0) die("/proc");
}

static void write_sysctl(const char *path) {
  int fd = openat(proc_dir, path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, "1", 1) != 1) die(path);
  close(fd);
}

// The thread stays in the new namespace, and its sockets too: so nothing here ever needs setns.
static int enter_new_net(void) {
  refresh_proc();
  if (unshare(CLONE_NEWNET) != 0) die("unshare");
  int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (fd < 0) die("/proc/thread-self/ns/net");
  nets[net_count++] = fd;
  write_sysctl("sys/net/ipv6/conf/default/addr_gen_mode");
  return fd;
}

static int enter_new_router(void) {
  int fd = enter_new_net();
  write_sysctl("sys/net/ipv4/ip_forward");
  write_sysctl("sys/net/ipv6/conf/all/forwarding");
  return fd;
}

static int netlink(int protocol) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (fd < 0) die("netlink socket");
  return fd;
}

// ---- the topology

static void wire_ix(struct batch *b) {
  set_up(b, LOOPBACK);
  add_address(b, LOOPBACK, ix4(), 32);
  add_address(b, LOOPBACK, ix6(), 128);
}

static void wire_router(struct batch *b, int i, int devices, int ix_net, int first_device_net) {
  const struct address any4 = v4(0), any6 = v6(0, 0, 0, 0);
  const struct address gateway4 = ix4(), gateway6 = link_local(ix_mac());
  char name[IFNAMSIZ];

  set_up(b, LOOPBACK);
  snprintf(name, sizeof name, "r%d", i);
  add_veth(b, &(struct end){WAN, "ix", wan_mac(i), 0, -1},
           &(struct end){i + 1, name, ix_mac(), 0, ix_net});
  if (devices > 1) add_bridge(b, &(struct end){LAN, "lan", gateway_mac(i), 0, -1});
  for (int j = 1; j <= devices; j++) {
    snprintf(name, sizeof name, "d%d", j);
    struct end port = devices > 1
        ? (struct end){FIRST_PORT + j, name, port_mac(i, j), LAN, -1}
        : (struct end){LAN, name, gateway_mac(i), 0, -1};
    add_veth(b, &port,
             &(struct end){ETH0, "eth0", device_mac(i, j), 0, nets[first_device_net + j - 1]});
  }

  add_address(b, WAN, wan4(i), 32);
  add_address(b, WAN, wan6(i), 128);
  add_address(b, WAN, link_local(wan_mac(i)), 64);
  add_route(b, WAN, any4, 0, &gateway4, RTNH_F_ONLINK);
  add_route(b, WAN, any6, 0, &gateway6, 0);
  add_neighbour(b, WAN, gateway4, ix_mac());
  add_neighbour(b, WAN, gateway6, ix_mac());
  add_address(b, LAN, lan4(i, 1), 24);
  add_address(b, LAN, lan6(i, 1), 64);
  add_address(b, LAN, link_local(gateway_mac(i)), 64);
  for (int j = 1; j <= devices; j++) {
    add_neighbour(b, LAN, lan4(i, j + 1), device_mac(i, j));
    add_neighbour(b, LAN, lan6(i, j + 1), device_mac(i, j));
  }
}

static void wire_device(struct batch *b, int i, int j) {
  const struct address gateway4 = lan4(i, 1), gateway6 = link_local(gateway_mac(i));
  set_up(b, LOOPBACK);
  set_up(b, ETH0);
  add_address(b, ETH0, lan4(i, j + 1), 24);
  add_address(b, ETH0, lan6(i, j + 1), 64);
  add_address(b, ETH0, link_local(device_mac(i, j)), 64);
  add_route(b, ETH0, v4(0), 0, &gateway4, 0);
  add_route(b, ETH0, v6(0, 0, 0, 0), 0, &gateway6, 0);
  add_neighbour(b, ETH0, gateway4, gateway_mac(i));
  add_neighbour(b, ETH0, gateway6, gateway_mac(i));
}

static void wire_ix_end(struct batch *b, int i) {
  const struct address router6 = wan6(i);
  const int index = i + 1;
  set_up(b, index);
  add_address(b, index, link_local(ix_mac()), 64);
  add_route(b, index, wan4(i), 32, NULL, 0);
  add_route(b, index, wan6(i), 128, NULL, 0);
  add_route(b, index, lan6(i, 0), 64, &router6, RTNH_F_ONLINK);
  add_neighbour(b, index, wan4(i), wan_mac(i));
  add_neighbour(b, index, wan6(i), wan_mac(i));
}

static void build(int routers, int devices) {
  static struct batch ix, local;
  int ix_net = enter_new_router();
  ix.fd = netlink(NETLINK_ROUTE);
  wire_ix(&ix);
  for (int i = 1; i <= routers; i++) {
    enter_new_router();
    int route = netlink(NETLINK_ROUTE), rules = netlink(NETLINK_NETFILTER);
    int first_device_net = net_count;
    for (int j = 1; j <= devices; j++) {
      enter_new_net();
      device_sockets[j - 1] = netlink(NETLINK_ROUTE);
    }
    local.fd = route;
    wire_router(&local, i, devices, ix_net, first_device_net);
    flush(&local);
    for (int j = 1; j <= devices; j++) {
      local.fd = device_sockets[j - 1];
      wire_device(&local, i, j);
      flush(&local);
      close(local.fd);
    }
    send_ruleset(rules, i);
    close(rules);
    close(route);
    wire_ix_end(&ix, i);
  }
  flush(&ix);
  close(ix.fd);
}

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

int main(int argc, char **argv) {
  int routers = argc > 2 ? atoi(argv[1]) : 0, devices = argc > 2 ? atoi(argv[2]) : 0;
  int repeats = argc > 4 ? atoi(argv[4]) : 1;
  // 250: the host part of a device's IPv4 address is one byte.
  if (argc < 4 || routers < 1 || routers > 60000 || devices < 1 || devices > 250 || repeats < 1) {
    fprintf(stderr, "usage: floor R D BATCHFILE [repeats]\n");
    return 2;
  }
  load_ruleset(argv[3]);
  nets = calloc(1 + routers * (1 + devices), sizeof *nets);
  device_sockets = calloc(devices, sizeof *device_sockets);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  // A namespace to return to, because in a user namespace the host's cannot be entered again.
  if (unshare(CLONE_NEWNET) != 0) die("unshare");
  int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  const char *hold = getenv("FLOOR_HOLD");

  while (repeats-- > 0) {
    double start = now_ms();
    build(routers, devices);
    if (setns(home, CLONE_NEWNET) != 0) die("setns");
    double built = now_ms();
    if (hold != NULL && strcmp(hold, "1") == 0) {
      printf("{\"buildMs\":%.3f,\"closeMs\":0,\"pid\":%d,\"ix\":%d,\"router\":%d,\"device\":%d}\n",
             built - start, getpid(), nets[0], nets[1], nets[2]);
      fflush(stdout);
      char byte;
      while (read(0, &byte, 1) > 0) continue;
      return 0;
    }
    double closing = now_ms();
    while (net_count > 0) close(nets[--net_count]);
    printf("{\"buildMs\":%.3f,\"closeMs\":%.3f}\n", built - start, now_ms() - closing);
    fflush(stdout);
  }
  return 0;
}
