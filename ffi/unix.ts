/** Unix sockets (unix(7)): what libc needs to be told of them. */

import { failure } from "./error.ts";
import { libc } from "./libc.ts";

const AF_UNIX = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
/** `sun_path`; a path has to end with a NUL in it. */
const PATH_BYTES = 108;

export const SOCK = { stream: 1, datagram: 2 } as const;

/** As with every descriptor here, no call waits and no other program inherits it. */
export const SOCKET_FLAGS = SOCK_NONBLOCK | SOCK_CLOEXEC;

/** A socket that is the caller's to close. */
export function openUnix(type: number): number {
  const fd = libc().socket(AF_UNIX, type | SOCKET_FLAGS, 0);
  if (fd < 0) throw failure("open a unix socket");
  return fd;
}

/**
 * `struct sockaddr_un` of a path, or of an abstract name that is written with `@` for its NUL; undefined where it is
 * neither, or too long. The family is in the machine's byte order.
 */
export function unixAddress(path: string): Uint8Array<ArrayBuffer> | undefined {
  const isAbstract = path.startsWith("@");
  if (!isAbstract && !path.startsWith("/")) return undefined;
  const name = new TextEncoder().encode(isAbstract ? `\0${path.slice(1)}` : `${path}\0`);
  if (name.length > PATH_BYTES) return undefined;
  const address = new Uint8Array(2 + name.length);
  new Uint16Array(address.buffer, 0, 1)[0] = AF_UNIX;
  address.set(name, 2);
  return address;
}
