/** A file that has no name in any file system and goes with its last descriptor: memfd_create(2). */

import { Descriptor } from "./descriptor.ts";
import { errno, errnoText } from "./errno.ts";
import { libc } from "./libc.ts";

const MFD_CLOEXEC = 1;
/** Without it newer kernels may make the file unfit to be executed; older ones (before 6.3) do not know it. */
const MFD_EXEC = 0x10;

export class MemoryFile extends Descriptor {
  /** Throws where the kernel refuses it, or has no memory left for it. `name` is shown in /proc/self/maps. */
  constructor(name: string, content: Uint8Array) {
    const label = new TextEncoder().encode(`${name}\0`);
    const exact = libc().memfd_create(label, MFD_CLOEXEC | MFD_EXEC);
    super(exact >= 0 ? exact : libc().memfd_create(label, MFD_CLOEXEC));
    if (this.fd < 0) throw new Error(`no file can be made in memory: ${errnoText(errno())}`);
    for (let rest = content; rest.length > 0;) {
      const written = Number(libc().write(this.fd, rest as Uint8Array<ArrayBuffer>, BigInt(rest.length)));
      if (written <= 0) {
        const reason = errnoText(errno());
        this[Symbol.dispose]();
        throw new Error(`a file of ${content.length} bytes cannot be kept in memory: ${reason}`);
      }
      rest = rest.subarray(written);
    }
  }

  /** Where it can be opened as long as it is not disposed of. */
  get path(): string {
    return `/proc/self/fd/${this.fd}`;
  }
}
