// The batch that `nft -f` sends, kept for floor.c to replay:
//   LD_PRELOAD=./capture.so NETYARD_BATCH=file unshare --net nft -f rules
// In a fresh namespace, because nft words a batch for the ruleset it finds there.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static int option(int fd, int name) {
  int value = -1;
  socklen_t len = sizeof value;
  return getsockopt(fd, SOL_SOCKET, name, &value, &len) == 0 ? value : -1;
}

static void *next(const char *name) {
  void *symbol = dlsym(RTLD_NEXT, name);
  if (symbol == NULL) abort();
  return symbol;
}

static void keep(int fd, const struct iovec *iov, size_t count) {
  const char *path = getenv("NETYARD_BATCH");
  if (path == NULL || count == 0 || iov[0].iov_len < sizeof(struct nlmsghdr)) return;
  const struct nlmsghdr *first = iov[0].iov_base;
  if (first->nlmsg_type != NFNL_MSG_BATCH_BEGIN) return;
  if (option(fd, SO_DOMAIN) != AF_NETLINK || option(fd, SO_PROTOCOL) != NETLINK_NETFILTER) return;

  int out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  ssize_t want = 0;
  for (size_t i = 0; i < count; i++) want += iov[i].iov_len;
  // A short file would replay as half a ruleset, so nft goes down with it.
  if (out < 0 || writev(out, iov, count) != want || close(out) != 0) {
    perror(path);
    abort();
  }
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags) {
  ssize_t (*real)(int, const struct msghdr *, int) = next("sendmsg");
  ssize_t sent = real(fd, msg, flags);
  if (sent >= 0) keep(fd, msg->msg_iov, msg->msg_iovlen);
  return sent;
}

ssize_t sendto(int fd, const void *data, size_t len, int flags, const struct sockaddr *to,
               socklen_t to_len) {
  ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t) =
      next("sendto");
  ssize_t sent = real(fd, data, len, flags, to, to_len);
  struct iovec one = {(void *)data, len};
  if (sent >= 0) keep(fd, &one, 1);
  return sent;
}
