/**
 * libc: what libnl leaves to it. See open(2), poll(2), eventfd(2), memfd_create(2), setsockopt(2), unix(7),
 * strerror(3), clock_gettime(2), execve(2), fcntl(2), flock(2), setenv(3), sigaction(2), mkdir(2),
 * rename(2), unlink(2), readlink(2).
 */

import { library } from "./library.ts";

export const libc = library("libc.so.6", {
  packages: "the GNU C library: libc6 on Debian and Ubuntu, glibc on Fedora, Arch and Alpine",
  symbols: {
    // void *memcpy(void *dest, const void *src, size_t n): borrows
    memcpy: { parameters: ["buffer", "pointer", "u64"], result: "void" },
    // void *memset(void *s, int c, size_t n): of no bytes, it makes a pointer of a number
    pointer_to: { name: "memset", parameters: ["u64", "i32", "u64"], result: "pointer" },
    // size_t strlen(const char *s): borrows
    strlen: { parameters: ["pointer"], result: "u64" },
    // void free(void *ptr): takes
    free: { parameters: ["pointer"], result: "void" },
    // int poll(struct pollfd *fds, nfds_t nfds, int timeout): borrows
    poll: { parameters: ["buffer", "u64", "i32"], result: "i32" },
    // The same on a thread of its own, so that the event loop goes on.
    poll_aside: { name: "poll", parameters: ["buffer", "u64", "i32"], result: "i32", nonblocking: true },
    // int eventfd(unsigned int initval, int flags): owned, close
    eventfd: { parameters: ["u32", "i32"], result: "i32" },
    // int memfd_create(const char *name, unsigned int flags): owned, close
    memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
    // ssize_t write(int fd, const void *buf, size_t count): borrows
    write: { parameters: ["i32", "buffer", "u64"], result: "i64" },
    // ssize_t read(int fd, void *buf, size_t count): borrows
    read: { parameters: ["i32", "buffer", "u64"], result: "i64" },
    // int open(const char *pathname, int flags): owned, close
    open: { parameters: ["buffer", "i32"], result: "i32" },
    // The same with O_CREAT: int open(const char *pathname, int flags, mode_t mode): owned, close
    create: { name: "open", parameters: ["buffer", "i32", "u32"], result: "i32" },
    // int mkdir(const char *pathname, mode_t mode): borrows
    mkdir: { parameters: ["buffer", "u32"], result: "i32" },
    // int rename(const char *oldpath, const char *newpath): borrows
    rename: { parameters: ["buffer", "buffer"], result: "i32" },
    // int unlink(const char *pathname): borrows
    unlink: { parameters: ["buffer"], result: "i32" },
    // ssize_t readlink(const char *pathname, char *buf, size_t bufsiz): borrows
    readlink: { parameters: ["buffer", "buffer", "u64"], result: "i64" },
    // int close(int fd): takes
    close: { parameters: ["i32"], result: "i32" },
    // int setsockopt(int sockfd, int level, int optname, const void *optval, socklen_t optlen): borrows
    setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
    // int getsockopt(int sockfd, int level, int optname, void *optval, socklen_t *optlen): borrows
    getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
    // int socket(int domain, int type, int protocol): owned, close
    socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
    // int bind(int sockfd, const struct sockaddr *addr, socklen_t addrlen): borrows
    bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
    // int getsockname(int sockfd, struct sockaddr *addr, socklen_t *addrlen): borrows
    getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
    // int fcntl(int fd, int op, ... int arg): borrows
    fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
    // int flock(int fd, int op): borrows
    flock: { parameters: ["i32", "i32"], result: "i32" },
    // ssize_t sendto(int sockfd, const void *buf, size_t len, int flags, const struct sockaddr *, socklen_t): borrows
    sendto: { parameters: ["i32", "buffer", "u64", "i32", "buffer", "u32"], result: "i64" },
    // ssize_t recvfrom(int sockfd, void *buf, size_t len, int flags, struct sockaddr *, socklen_t *): borrows
    recvfrom: { parameters: ["i32", "buffer", "u64", "i32", "buffer", "buffer"], result: "i64" },
    // int clock_gettime(clockid_t clockid, struct timespec *tp): borrows
    clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
    // char *strdup(const char *s): owned, free; as a number, because it goes into an array
    strdup: { parameters: ["buffer"], result: "u64" },
    // int execv(const char *path, char *const argv[]): borrows; returns only where it fails
    execv: { parameters: ["buffer", "buffer"], result: "i32" },
    // int setenv(const char *name, const char *value, int overwrite): borrows
    setenv: { parameters: ["buffer", "buffer", "i32"], result: "i32" },
    // int unsetenv(const char *name): borrows
    unsetenv: { parameters: ["buffer"], result: "i32" },
    // int sigaction(int signum, const struct sigaction *act, struct sigaction *oldact): borrows
    sigaction: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
    // int *__errno_location(void): borrowed; this thread's errno
    errno_location: { name: "__errno_location", parameters: [], result: "pointer" },
    // char *strerror(int errnum): borrowed, until the next call
    strerror: { parameters: ["i32"], result: "pointer" },
  },
});

const F_SETFD = 2;
const FD_CLOEXEC = 1;

/** Whether a descriptor stays open in the program that takes this one's place: fcntl(2). */
export function keepOpen(fd: number, isKept: boolean): void {
  libc().fcntl(fd, F_SETFD, isKept ? 0 : FD_CLOEXEC);
}
