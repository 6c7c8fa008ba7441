/*
 * Traffic to measure a way through a host by. `echo PORT`: gives datagrams back and takes connections, until it is killed.
 * `packets ADDRESS PORT SECONDS`: how many datagrams came back in a second, 32 under way at a time. `connections …`: how many
 * TCP connections were made, and reset, in a second.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static struct sockaddr_in at(const char *ip, const char *port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
  inet_pton(AF_INET, ip, &a.sin_addr);
  return a;
}

static int echo(const char *port) {
  struct sockaddr_in any = at("0.0.0.0", port), from;
  int udp = socket(AF_INET, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(udp, (void *)&any, sizeof any) || bind(tcp, (void *)&any, sizeof any) || listen(tcp, 512)) return 1;
  puts("listening");
  fflush(stdout);
  struct pollfd fds[] = {{udp, POLLIN, 0}, {tcp, POLLIN, 0}};
  for (char buffer[64];;) {
    poll(fds, 2, -1);
    socklen_t length = sizeof from;
    for (ssize_t n; (n = recvfrom(udp, buffer, sizeof buffer, MSG_DONTWAIT, (void *)&from, &length)) > 0;)
      sendto(udp, buffer, n, 0, (void *)&from, length);
    if (fds[1].revents) {
      int one_of_them = accept(tcp, NULL, NULL);
      if (one_of_them >= 0) close(one_of_them);
    }
  }
}

static double packets(struct sockaddr_in to, double seconds) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct timeval patience = {0, 100000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(fd, (void *)&to, sizeof to)) return 0;
  char buffer[64] = "symrouted";
  long back = 0;
  double begin = now(), end = begin + seconds;
  while (now() < end) {
    for (int i = 0; i < 32; i++) send(fd, buffer, 18, 0);
    for (int i = 0; i < 32 && recv(fd, buffer, sizeof buffer, 0) > 0; i++) back++;
  }
  return back / (now() - begin);
}

static double connections(struct sockaddr_in to, double seconds) {
  struct linger reset = {1, 0};
  long made = 0;
  double begin = now(), end = begin + seconds;
  while (now() < end) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    if (connect(fd, (void *)&to, sizeof to) == 0) made++;
    close(fd);
  }
  return made / (now() - begin);
}

int main(int count, char **words) {
  if (count == 3 && !strcmp(words[1], "echo")) return echo(words[2]);
  if (count != 5) return 2;
  struct sockaddr_in to = at(words[2], words[3]);
  double seconds = atof(words[4]);
  printf("%f\n", strcmp(words[1], "packets") ? connections(to, seconds) : packets(to, seconds));
  return 0;
}
