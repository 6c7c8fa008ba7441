/**
 * Kernel settings: the files below /proc/sys (proc(5), ip-sysctl). By libc, because the program gives up its own permission
 * to read files.
 */

import type { Arp } from "../src/model/records.ts";
import { openToRead, openToWrite } from "./descriptor.ts";
import { failure } from "./error.ts";
import { libc } from "./libc.ts";

/** Every number that a setting may be, with room to spare. */
const BYTES = 32;

/** A setting that is a number, by its path below /proc/sys; undefined where it cannot be read. */
export function readSetting(path: string): number | undefined {
  const fd = openToRead(`/proc/sys/${path}`);
  if (fd < 0) return undefined;
  const bytes = new Uint8Array(BYTES);
  const length = Number(libc().read(fd, bytes, BigInt(BYTES)));
  libc().close(fd);
  const text = new TextDecoder().decode(bytes.subarray(0, Math.max(0, length))).trim();
  return /^-?\d+$/.test(text) ? Number(text) : undefined;
}

/** Writes a setting, by its path below /proc/sys. Throws NetlinkError: EROFS, EACCES, ENOENT, EINVAL… */
export function writeSetting(path: string, value: number): void {
  const op = `write ${value} to /proc/sys/${path}`;
  const fd = openToWrite(`/proc/sys/${path}`);
  if (fd < 0) throw failure(op);
  try {
    const bytes = new TextEncoder().encode(`${value}\n`);
    if (Number(libc().write(fd, bytes, BigInt(bytes.length))) !== bytes.length) throw failure(op);
  } finally {
    libc().close(fd);
  }
}

/** What holds for an interface: of its own setting and that for all the greater one. */
export function readArp(name: string): Arp | undefined {
  const [ignore, announce, filter] = ["arp_ignore", "arp_announce", "arp_filter"].map((setting) => {
    const [own, all] = [name, "all"].map((one) => readSetting(`net/ipv4/conf/${one}/${setting}`));
    return own === undefined || all === undefined ? undefined : Math.max(own, all);
  });
  if (ignore === undefined || announce === undefined || filter === undefined) return undefined;
  return { ignore, announce, filter };
}
