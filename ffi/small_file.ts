/**
 * Small files of ours, written whole or not at all. By libc, because the program gives up its own permissions: open(2),
 * rename(2), unlink(2), mkdir(2).
 */

import { Descriptor, openToRead } from "./descriptor.ts";
import { errno } from "./errno.ts";
import { ERRNO, failure } from "./error.ts";
import { libc } from "./libc.ts";
import { cString } from "./owned.ts";

/** O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC: never through a link, never into a file that is there. */
const CREATE = 0o1 | 0o100 | 0o200 | 0o400000 | 0o2000000;
const CHUNK_BYTES = 4096;

class NewFile extends Descriptor {
  constructor(path: string) {
    super(libc().create(cString(path), CREATE, 0o600));
    if (this.fd < 0) throw failure(`create ${path}`);
  }
}

/** A file's text; undefined where there is no such file. Throws NetlinkError. */
export function readSmallFile(path: string): string | undefined {
  const fd = openToRead(path);
  if (fd < 0) {
    if (errno() === ERRNO.ENOENT) return undefined;
    throw failure(`read ${path}`);
  }
  try {
    const decoder = new TextDecoder(), chunk = new Uint8Array(CHUNK_BYTES);
    for (let text = "";;) {
      const length = Number(libc().read(fd, chunk, BigInt(chunk.length)));
      if (length < 0) throw failure(`read ${path}`);
      if (length === 0) return text + decoder.decode();
      text += decoder.decode(chunk.subarray(0, length), { stream: true });
    }
  } finally {
    libc().close(fd);
  }
}

/** Puts a file in the place of what was there; makes its folder, but none above that. Throws NetlinkError. */
export function writeSmallFile(path: string, text: string): void {
  const folder = path.replace(/\/[^/]*$/, ""), draft = `${path}.new`;
  if (libc().mkdir(cString(folder), 0o755) !== 0 && errno() !== ERRNO.EEXIST) {
    throw failure(`create ${folder}`);
  }
  // What a crash has left: whoever writes here is the only one.
  libc().unlink(cString(draft));
  try {
    writeNew(draft, new TextEncoder().encode(text));
    if (libc().rename(cString(draft), cString(path)) !== 0) throw failure(`write ${path}`);
  } catch (error) {
    libc().unlink(cString(draft));
    throw error;
  }
}

function writeNew(path: string, bytes: Uint8Array<ArrayBuffer>): void {
  using file = new NewFile(path);
  for (let rest = bytes; rest.length > 0;) {
    const written = Number(libc().write(file.fd, rest, BigInt(rest.length)));
    if (written <= 0) throw failure(`write ${path}`);
    rest = rest.subarray(written);
  }
}

/** Removes a file, if it is there. Throws NetlinkError. */
export function removeSmallFile(path: string): void {
  if (libc().unlink(cString(path)) !== 0 && errno() !== ERRNO.ENOENT) throw failure(`remove ${path}`);
}
