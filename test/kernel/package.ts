// The distribution's own kernel, with those of its modules that the tests need, by the machine's package sources. It
// is unpacked, not installed, and kept in the user's cache.

import { must, run } from "../lab/process.ts";
import { isRoot } from "../setup.ts";

/** A kernel that can be booted. */
export interface Kernel {
  /** What `uname -r` says in it. */
  version: string;
  /** The file that is booted. */
  image: string;
  /** The folder of its modules, with their dependencies and aliases known. */
  modules: string;
}

/** Says why there is no other kernel here. */
export class Unavailable extends Error {}

/** The package that depends on the distribution's newest kernel. */
const META = "linux-image-amd64";

/** What is unpacked of a kernel's package, and what of that is left out, as patterns of tar's. */
const kept = [
  "*/vmlinuz-*",
  ...[
    ...["arch/x86/crypto", "crypto", "lib", "net", "drivers/net", "drivers/virtio"],
    ...["fs/9p", "fs/fscache", "fs/netfs", "fs/overlayfs"],
  ].map((folder) => `*/kernel/${folder}/*`),
  "*/kernel/drivers/char/virtio_console.ko*",
];
const leftOut = [
  ...["can", "ethernet", "fddi", "hamradio", "ieee802154", "phy", "usb", "wan", "wireless", "wwan"]
    .map((folder) => `*/kernel/drivers/net/${folder}`),
  ...["bluetooth", "ceph", "mac80211", "rxrpc", "sctp", "smc", "sunrpc", "tipc", "wireless"]
    .map((folder) => `*/kernel/net/${folder}`),
];

/** Unpacks a package into a folder, and has its modules found by name and alias. */
const UNPACK = `
cd "$1"
apt-get download -qq "$2"
shift 2
dpkg-deb --fsys-tarfile ./*.deb >tar
tar -x -f tar --wildcards "$@"
rm ./*.deb tar
if [ -d usr/lib/modules ]; then mv usr/lib lib; fi
exec busybox depmod -b "$PWD" "$(ls lib/modules)"
`;

/** Milliseconds that a download may take. */
const DOWNLOAD = 600_000;

/** The kernel, from the cache where it is there already; throws Unavailable where it cannot be had. */
export async function kernel(): Promise<Kernel> {
  const folder = await cache();
  const known = await newest();
  const found = await cached(folder, known) ?? await make(folder, known).catch(() => undefined);
  if (found) return found;
  // Either apt has no lists yet, or those that it has are too old for the mirror.
  const root = isRoot() ? [] : ["sudo"];
  try {
    await must([...root, "apt-get", "update", "-qq"], { limit: DOWNLOAD });
    const made = await make(folder, await newest());
    if (made) return made;
  } catch (error) {
    throw new Unavailable(`no kernel can be had: ${error instanceof Error ? error.message : error}`);
  }
  throw new Unavailable(`the package sources have no ${META}`);
}

/** A package, and the name of its file, which says its version. */
interface Package {
  name: string;
  file: string;
}

/** The package of the newest kernel, by the lists that apt has. */
async function newest(): Promise<Package | undefined> {
  const depends = await run(["apt-cache", "depends", "--important", META]);
  const name = /Depends: (linux-image-\S+)/.exec(depends.stdout)?.[1];
  if (!name) return undefined;
  const { stdout } = await run(["apt-get", "download", "--print-uris", name]);
  const file = /' (\S+)\.deb /.exec(stdout)?.[1];
  return file === undefined ? undefined : { name, file };
}

/** Where kernels are kept that were unpacked as it is done here. */
async function cache(): Promise<string> {
  const home = Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME")}/.cache`;
  const recipe = new TextEncoder().encode([UNPACK, ...kept, ...leftOut].join("\n"));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", recipe));
  const folder = `${home}/symrouted/kernel-${digest.slice(0, 4).toHex()}`;
  await Deno.mkdir(folder, { recursive: true });
  return folder;
}

/** That package's kernel, or any one that an earlier run has left where apt knows of none. */
async function cached(folder: string, known: Package | undefined): Promise<Kernel | undefined> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map((each) => each.name);
  const name = known ? names.find((each) => each === known.file) : names.findLast(isFinished);
  return name === undefined ? undefined : await described(`${folder}/${name}`);
}

/** Downloads and unpacks it. */
async function make(folder: string, known: Package | undefined): Promise<Kernel | undefined> {
  if (!known) return undefined;
  console.log(`getting ${known.name} for the tests under another kernel`);
  const work = await Deno.makeTempDir({ dir: folder, prefix: UNFINISHED });
  try {
    const patterns = [...leftOut.map((pattern) => `--exclude=${pattern}`), ...kept];
    await must(["sh", "-ec", UNPACK, "sh", work, known.name, ...patterns], { limit: DOWNLOAD });
    // Where somebody else was quicker, theirs is as good.
    await Deno.rename(work, `${folder}/${known.file}`).catch(() => {});
  } finally {
    await Deno.remove(work, { recursive: true }).catch(() => {});
  }
  return await described(`${folder}/${known.file}`);
}

const UNFINISHED = "unfinished-";

function isFinished(name: string): boolean {
  return !name.startsWith(UNFINISHED);
}

async function described(folder: string): Promise<Kernel> {
  const [{ name: version }] = await Array.fromAsync(Deno.readDir(`${folder}/lib/modules`));
  return { version, image: `${folder}/boot/vmlinuz-${version}`, modules: `${folder}/lib/modules/${version}` };
}
