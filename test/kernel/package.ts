// A kernel of the distribution's, its own or another release's, with those of its modules that the tests need, by the
// machine's package sources; or one whose packages somebody has got. It is unpacked, not installed, and kept in the user's
// cache.

import { ownMirror } from "../mirror.ts";
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

/** What is unpacked of a kernel's packages, and what of that is left out, as extended regular expressions. */
const folders = [
  ...["arch/x86/crypto", "crypto", "lib", "net", "drivers/net", "drivers/virtio"],
  ...["fs/9p", "fs/fscache", "fs/netfs", "fs/overlayfs", "drivers/char/virtio_console\\.ko"],
];
const kept = `/vmlinuz-|/kernel/(${folders.join("|")})`;
const leftOut = [
  ["drivers/net", "can|ethernet|fddi|hamradio|ieee802154|phy|usb|wan|wireless|wwan"],
  ["net", "bluetooth|ceph|mac80211|rxrpc|sctp|smc|sunrpc|tipc|wireless"],
].map(([folder, names]) => `/kernel/${folder}/(${names})/`).join("|");

/** Unpacks the packages in a folder, and has their modules found by name and alias. */
const UNPACK = `
cd "$1"
for package in ./*.deb; do
  dpkg-deb --fsys-tarfile "$package" >tar
  tar -t -f tar | grep -E "$2" | grep -v -E "$3" | grep -v '/$' >names || continue
  tar -x -f tar --files-from=names
done
rm -f ./*.deb tar names
if [ -d usr/lib/modules ]; then mv usr/lib lib; fi
exec busybox depmod -b "$PWD" "$(ls lib/modules)"
`;

/** Milliseconds that a download may take. */
const DOWNLOAD = 600_000;

/**
 * The kernel, from the cache where it is there already; throws Unavailable where it cannot be had. `choice` is what a
 * user names: a release of Debian's, such as `bullseye`, or the files of a kernel's packages, with commas between them;
 * the distribution's own where nothing is.
 */
export async function kernel(choice?: string): Promise<Kernel> {
  const folder = await cache();
  if (choice?.endsWith(".deb")) {
    return await fromFiles(folder, choice.split(",")).catch((error) => {
      throw new Unavailable(`these packages are no kernel: ${error.message}`);
    });
  }
  const apt = choice === undefined ? {} : await sourcesOf(choice, folder);
  const known = await newest(apt);
  const found = await cached(folder, known, choice) ?? await make(folder, known, apt).catch(() => undefined);
  if (found) return found;
  // Either apt has no lists yet, or those that it has are too old for the mirror.
  const root = isRoot() || choice !== undefined ? [] : ["sudo"];
  try {
    await must([...root, "apt-get", "update", "-qq"], { limit: DOWNLOAD, env: apt });
    const made = await make(folder, await newest(apt), apt);
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

/** What has apt see a release's packages, by the mirror of this machine's own, without a word to the machine's lists. */
async function sourcesOf(release: string, folder: string): Promise<Record<string, string>> {
  const mirror = await ownMirror();
  if (!mirror) throw new Unavailable("needs a machine that installs Debian or Ubuntu packages");
  const state = `${folder}/${UNFINISHED}apt-${release}`;
  for (const name of ["lists/partial", "cache/archives/partial"]) {
    await Deno.mkdir(`${state}/${name}`, { recursive: true });
  }
  await Deno.writeTextFile(`${state}/sources.list`, `deb ${mirror.url} ${release} main\n`);
  const settings = {
    "Dir::Etc::SourceList": `${state}/sources.list`,
    "Dir::Etc::SourceParts": "/dev/null",
    "Dir::State::Lists": `${state}/lists`,
    "Dir::State::Status": "/dev/null",
    "Dir::Cache": `${state}/cache`,
    // Another could not write here.
    "APT::Sandbox::User": "root",
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} "${value}";\n`);
  await Deno.writeTextFile(`${state}/apt.conf`, lines.join(""));
  return { APT_CONFIG: `${state}/apt.conf` };
}

/** The package of the newest kernel, by the lists that apt has. */
async function newest(apt: Record<string, string>): Promise<Package | undefined> {
  const depends = await run(["apt-cache", "depends", "--important", META], { env: apt });
  const name = /Depends: (linux-image-\S+)/.exec(depends.stdout)?.[1];
  if (!name) return undefined;
  const { stdout } = await run(["apt-get", "download", "--print-uris", name], { env: apt });
  const file = /' (\S+)\.deb /.exec(stdout)?.[1];
  return file === undefined ? undefined : { name, file };
}

/** Where kernels are kept that were unpacked as it is done here. */
async function cache(): Promise<string> {
  const home = Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME")}/.cache`;
  const recipe = new TextEncoder().encode([UNPACK, kept, leftOut].join("\n"));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", recipe));
  const folder = `${home}/symrouted/kernel-${digest.slice(0, 4).toHex()}`;
  await Deno.mkdir(folder, { recursive: true });
  return folder;
}

/** That package's kernel, or the newest that an earlier run has left where apt knows of none. */
async function cached(folder: string, known?: Package, choice?: string): Promise<Kernel | undefined> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map((each) => each.name).sort();
  const isIt = (name: string) => known ? name === known.file : choice === undefined && isFinished(name);
  const name = names.findLast(isIt);
  return name === undefined ? undefined : await described(`${folder}/${name}`);
}

/** Downloads and unpacks it. */
async function make(
  folder: string,
  known: Package | undefined,
  apt: Record<string, string>,
): Promise<Kernel | undefined> {
  if (!known) return undefined;
  console.log(`getting ${known.name} for the tests under another kernel`);
  return await unpacked(folder, known.file, async (work) => {
    const download = ["sh", "-ec", 'cd "$1"; apt-get download -qq "$2"', "sh", work, known.name];
    await must(download, { limit: DOWNLOAD, env: apt });
  });
}

/** Unpacks packages that somebody has got; an earlier run's is taken for files of the same names. */
async function fromFiles(folder: string, files: string[]): Promise<Kernel> {
  const names = files.map((file) => file.replace(/^.*\//, ""));
  const name = `files-${names.map((each) => each.replace(/\.deb$/, "")).join("+")}`;
  if (await Deno.stat(`${folder}/${name}`).catch(() => undefined)) {
    return await described(`${folder}/${name}`);
  }
  return await unpacked(folder, name, async (work) => {
    for (const [number, file] of files.entries()) await Deno.copyFile(file, `${work}/${names[number]}`);
  });
}

/** Unpacks the packages that `fetch` puts into a folder, under this name. */
async function unpacked(
  folder: string,
  name: string,
  fetch: (work: string) => Promise<void>,
): Promise<Kernel> {
  const work = await Deno.makeTempDir({ dir: folder, prefix: UNFINISHED });
  try {
    await fetch(work);
    await must(["sh", "-ec", UNPACK, "sh", work, kept, leftOut], { limit: DOWNLOAD });
    // Where somebody else was quicker, theirs is as good.
    await Deno.rename(work, `${folder}/${name}`).catch(() => {});
  } finally {
    await Deno.remove(work, { recursive: true }).catch(() => {});
  }
  return await described(`${folder}/${name}`);
}

const UNFINISHED = "unfinished-";

function isFinished(name: string): boolean {
  return !name.startsWith(UNFINISHED) && !name.startsWith("files-");
}

async function described(folder: string): Promise<Kernel> {
  const [{ name: version }] = await Array.fromAsync(Deno.readDir(`${folder}/lib/modules`));
  return { version, image: `${folder}/boot/vmlinuz-${version}`, modules: `${folder}/lib/modules/${version}` };
}
