/*
 * Is preloaded into the program under test and makes the kernel's netlink behave as on its worst days: see faults.h. Only
 * sockets of NETLINK_ROUTE and NETLINK_SOCK_DIAG are concerned, and of those only what libnl does with them: its calls
 * come through here.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "faults.h"
#include "lacks.h"
#include "stop.h"

/* The first kernels that have it, as faults.kernel counts. */
enum { MARKS_RULES = 417, CHECKS_DUMPS = 420, HAS_NEXTHOPS = 503 };

static ssize_t (*real_sendmsg)(int, const struct msghdr *, int);
static ssize_t (*real_recvmsg)(int, struct msghdr *, int);
static int (*real_setsockopt)(int, int, int, const void *, socklen_t);

static struct {
  long changes, batches, answers, dumps, objects;
} counted;

/* The dump that is under way. */
static struct {
  int fd;
  unsigned sequence;
  bool ends, breaks_off, interrupted, fails, skips;
  long datagrams;
} dump = {.fd = -1};

/* The socket on which an answer will not come: nobody has to wait for that. */
static int silent = -1;

__attribute__((constructor)) static void start(void) {
  real_sendto = dlsym(RTLD_NEXT, "sendto");
  real_sendmsg = dlsym(RTLD_NEXT, "sendmsg");
  real_recvmsg = dlsym(RTLD_NEXT, "recvmsg");
  real_setsockopt = dlsym(RTLD_NEXT, "setsockopt");
  read_faults();
}

/* A netlink socket's protocol, or -1. */
static int protocol_of(int fd) {
  int domain = 0, protocol = -1;
  socklen_t size = sizeof domain;
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0 || domain != AF_NETLINK) return -1;
  return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) < 0 ? -1 : protocol;
}

static bool is_concerned(int fd) {
  int protocol = protocol_of(fd);
  if (protocol != NETLINK_ROUTE && protocol != NETLINK_SOCK_DIAG) return false;
  return !faults.condition || access(faults.condition, F_OK) == 0;
}

static bool is_change(const struct nlmsghdr *message) {
  switch (message->nlmsg_type) {
    case RTM_NEWROUTE: case RTM_DELROUTE: case RTM_NEWRULE: case RTM_DELRULE: return true;
    default: return false;
  }
}

static bool is_every(long count, long every) { return every > 0 && count % every == 0; }

/* Where the first half of a batch ends. */
static size_t half(char *bytes, size_t length, bool inside) {
  struct nlmsghdr *message = (void *)bytes;
  size_t at = 0;
  while (at + NLMSG_ALIGN(message->nlmsg_len) <= length / 2) {
    at += NLMSG_ALIGN(message->nlmsg_len);
    message = (void *)(bytes + at);
  }
  return inside ? at + NLMSG_ALIGN(message->nlmsg_len) / 8 * 4 : at;
}

static void begin_dump(int fd, const struct nlmsghdr *request) {
  int type = request->nlmsg_type;
  // The option is set by what does not come through here.
  if (faults.kernel < CHECKS_DUMPS) real_setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &(int){0}, sizeof(int));
  if (faults.dump_of ? type != faults.dump_of : type != RTM_GETROUTE && type != RTM_GETRULE) return;
  long count = ++counted.dumps;
  counted.objects = 0;
  dump.fd = fd;
  dump.sequence = request->nlmsg_seq;
  dump.ends = count == faults.dump_error;
  dump.breaks_off = count == faults.dump_short;
  dump.interrupted = count == faults.dump_intr;
  dump.fails = count == faults.dump_fail;
  dump.skips = faults.dump_skip &&
               (type == RTM_GETRULE || *(const unsigned char *)NLMSG_DATA(request) == AF_INET6);
  dump.datagrams = 0;
}

/* Sends a batch of changes, in pieces where something is to happen between two of them. */
static ssize_t send_changes(int fd, char *bytes, size_t length, const struct sockaddr *to, socklen_t to_length) {
  size_t end = length, sent = 0;
  long batch = ++counted.batches;
  if (batch == faults.truncate_send || batch == faults.truncate_inside) {
    end = half(bytes, length, batch == faults.truncate_inside);
    silent = fd;
    tell();
  }
  for (size_t at = 0, next; at < end; at = next) {
    struct nlmsghdr *message = (void *)(bytes + at);
    next = at + NLMSG_ALIGN(message->nlmsg_len);
    long count = ++counted.changes;
    bool kills_before = count == faults.kill_before, kills_after = count == faults.kill_after;
    if (count == faults.refuse || is_every(count, faults.refuse_every)) message->nlmsg_type |= REFUSED;
    size_t upto = kills_before ? at : kills_after || faults.step || next >= end ? (next < end ? next : end) : sent;
    if (upto > sent && real_sendto(fd, bytes + sent, upto - sent, 0, to, to_length) < 0) return -1;
    sent = upto;
    if (kills_before || kills_after) die();
    if (faults.step) meet(faults.step, count, message);
  }
  return length;
}

ssize_t sendto(int fd, const void *bytes, size_t length, int flags, const struct sockaddr *to, socklen_t to_length) {
  const struct nlmsghdr *message = bytes;
  if (faults.lacks && protocol_of(fd) == NETLINK_NETFILTER) ask_for_unknown((char *)bytes, length);
  if (length < sizeof *message || !is_concerned(fd)) return real_sendto(fd, bytes, length, flags, to, to_length);
  if (is_change(message)) {
    char *copy = memcpy(malloc(length), bytes, length);
    ssize_t sent = send_changes(fd, copy, length, to, to_length);
    free(copy);
    return sent;
  }
  bool begins = (message->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
  long before = counted.dumps;
  if (begins) begin_dump(fd, message);
  ssize_t sent = real_sendto(fd, bytes, length, flags, to, to_length);
  if (faults.dump_stop && counted.dumps > before) meet(faults.dump_stop, counted.dumps, message);
  return sent;
}

/* libnl sends the requests of its caches by this. */
ssize_t sendmsg(int fd, const struct msghdr *packet, int flags) {
  if (faults.lacks && protocol_of(fd) == NETLINK_NETFILTER)
    for (size_t i = 0; i < packet->msg_iovlen; i++)
      ask_for_unknown(packet->msg_iov[i].iov_base, packet->msg_iov[i].iov_len);
  const struct nlmsghdr *message = packet->msg_iovlen > 0 ? packet->msg_iov[0].iov_base : NULL;
  bool is_ours = message && packet->msg_iov[0].iov_len >= sizeof *message && is_concerned(fd);
  if (is_ours && (message->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP) begin_dump(fd, message);
  return real_sendmsg(fd, packet, flags);
}

/* Takes the protocol out of a rule that the kernel tells of. */
static void unmark(struct nlmsghdr *rule) {
  struct rtattr *attribute = (void *)((char *)NLMSG_DATA(rule) + NLMSG_ALIGN(sizeof(struct fib_rule_hdr)));
  int length = NLMSG_PAYLOAD(rule, sizeof(struct fib_rule_hdr));
  for (; RTA_OK(attribute, length); attribute = RTA_NEXT(attribute, length))
    if (attribute->rta_type == FRA_PROTOCOL) attribute->rta_type = FRA_PAD;
}

/* Whether the message is to arrive; may change it. */
static bool arrives(int fd, struct nlmsghdr *message, bool is_late) {
  int *error = NLMSG_DATA(message);
  if (message->nlmsg_type == NLMSG_ERROR) {
    struct nlmsghdr *request = (void *)(error + 1);
    if (*error != 0 && request->nlmsg_type & REFUSED) {
      request->nlmsg_type &= ~REFUSED;
      *error = -faults.refuse_with;
      tell();
    }
    if (*error != 0 || ++counted.answers != faults.lose_answer) return true;
    silent = fd;
    tell();
    return false;
  }
  if (message->nlmsg_type == RTM_NEWRULE && faults.kernel < MARKS_RULES) unmark(message);
  if (fd != dump.fd || message->nlmsg_seq != dump.sequence) return true;
  if (dump.interrupted) message->nlmsg_flags |= NLM_F_DUMP_INTR;
  if (dump.interrupted || dump.ends || dump.breaks_off || dump.skips) tell();
  if (message->nlmsg_type != NLMSG_DONE)
    return !((dump.ends || dump.breaks_off || dump.interrupted) && is_late) &&
           !(dump.skips && is_every(++counted.objects, faults.dump_skip));
  if (dump.ends) *error = -ENOMEM;
  if (dump.breaks_off) silent = fd;
  return !dump.breaks_off;
}

/* Of a datagram, what is to arrive; gives its length. */
static size_t arriving(int fd, char *bytes, size_t length) {
  size_t kept = 0;
  for (size_t at = 0, size; at + sizeof(struct nlmsghdr) <= length; at += size) {
    struct nlmsghdr *message = (void *)(bytes + at);
    size = NLMSG_ALIGN(message->nlmsg_len);
    if (size < sizeof *message || at + message->nlmsg_len > length) break;
    if (!arrives(fd, message, at >= length / 2)) continue;
    memmove(bytes + kept, message, size);
    kept += size;
  }
  return kept;
}

ssize_t recvmsg(int fd, struct msghdr *packet, int flags) {
  bool concerned = !(flags & MSG_PEEK) && is_concerned(fd);
  struct msghdr fresh = *packet;
  bool is_dump = concerned && fd == dump.fd;
  if (is_dump && dump.fails && dump.datagrams++ > 0) {
    dump.fails = false;
    tell();
    errno = ENOBUFS;
    return -1;
  }
  for (;;) {
    bool is_silent = fd == silent;
    ssize_t size = real_recvmsg(fd, packet, is_silent ? flags | MSG_DONTWAIT : flags);
    if (size < 0 && is_silent) silent = -1;
    if (size <= 0 || !concerned || (packet->msg_flags & MSG_TRUNC)) return size;
    size = arriving(fd, packet->msg_iov[0].iov_base, size);
    if (size > 0) return size;
    *packet = fresh;
  }
}

/* A socket joins its groups when it has been set up, so that this has the last word. */
int setsockopt(int fd, int level, int option, const void *value, socklen_t length) {
  bool joins = level == SOL_NETLINK && option == NETLINK_ADD_MEMBERSHIP;
  if (joins && faults.kernel < HAS_NEXTHOPS && *(const int *)value == RTNLGRP_NEXTHOP) {
    errno = EINVAL;
    return -1;
  }
  int result = real_setsockopt(fd, level, option, value, length);
  if (joins && faults.receive_buffer && is_concerned(fd)) {
    int bytes = faults.receive_buffer;
    real_setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
  }
  return result;
}
