/* Where the program stops: for a while, or for good; and how the test learns that something has gone wrong. */
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* No request has such a type: the kernel refuses it. The other bits still say what it was. */
#define REFUSED 0x4000

static ssize_t (*real_sendto)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

/* The table that a request is about; routes and rules name it alike. */
static unsigned table_of(const struct nlmsghdr *request) {
  const struct rtmsg *header = NLMSG_DATA(request);
  int left = RTM_PAYLOAD(request);
  for (const struct rtattr *one = RTM_RTA(header); RTA_OK(one, left); one = RTA_NEXT(one, left))
    if (one->rta_type == RTA_TABLE) return *(const unsigned *)RTA_DATA(one);
  return header->rtm_table;
}

/* Tells the test where the program is, and waits until it may go on: for good when the test hears no more. */
static void meet(const char *path, long count, const struct nlmsghdr *request) {
  static int fd = -1;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (fd == -2) return;
  if (fd == -1) {
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) die();
  }
  char line[64], go;
  int family = *(const unsigned char *)NLMSG_DATA(request);
  int length = snprintf(line, sizeof line, "%ld %d %d %u\n", count, request->nlmsg_type & ~REFUSED, family,
                        family ? table_of(request) : 0);
  ssize_t heard = real_sendto(fd, line, length, MSG_NOSIGNAL, NULL, 0);
  while (heard > 0 && (heard = read(fd, &go, 1)) < 0 && errno == EINTR) heard = 1;
  if (heard > 0) return;
  close(fd);
  fd = -2;
}

/* Lets the test know that a fault has happened. */
static void tell(void) {
  if (faults.tell) close(open(faults.tell, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}
