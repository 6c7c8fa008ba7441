// The root file systems of the machines: made once from this machine's own mirror, and kept in the user's cache.

import { asRoot } from "../lab/isolation.ts";
import { type Mirror, ownMirror } from "../mirror.ts";
import { prepare } from "../setup.ts";
import { type Release, releases } from "./machine.ts";

/** What both hold beyond the least that a Debian or Ubuntu has. */
const packages = ["systemd", "systemd-sysv", "dbus", "udev"];
const tools = ["iproute2", "iputils-ping", "procps", "libnftables1"];

/** What else they hold: the oldest has no libnl, and nothing that needs it. */
const contents: Record<Release, string[]> = {
  usual: [
    ...packages,
    "libpam-systemd",
    "network-manager",
    ...tools,
    "libnl-3-200",
    "libnl-route-3-200",
    // For the other kind of packages.
    "rpm",
  ],
  oldest: [...packages, ...tools],
};

/** Debian's releases from the first with a glibc that Deno runs with. */
const debians = ["buster", "bullseye", "bookworm", "trixie"];

/**
 * Makes it in memory and writes it to the standard output as an archive. Nothing is enabled that a test has not asked for,
 * and nothing calls for the world outside. Ubuntu's systemd-networkd would behave otherwise if it knew of a container.
 */
const RECIPE = `
mount -t tmpfs -o mode=755 tmpfs /mnt
debootstrap --variant=minbase --include="$PACKAGES" "$SUITE" /mnt "$URL" >&2
cd /mnt
rm -rf var/cache/apt/* var/lib/apt/lists/* usr/share/doc/* usr/share/locale/* usr/share/man/*
rm -f etc/systemd/system/*.wants/* etc/resolv.conf
chroot . systemctl mask getty.target systemd-logind.service >&2
ln -s /dev/null etc/systemd/network/99-default.link
echo machine >etc/hostname
mkdir etc/systemd/system/systemd-udev-trigger.service.d
cat >etc/systemd/system/systemd-udev-trigger.service.d/net.conf <<END
[Service]
ExecStart=
ExecStart=udevadm trigger --action=add --subsystem-match=net
END
mkdir etc/systemd/system/systemd-networkd.service.d
cat >etc/systemd/system/systemd-networkd.service.d/host.conf <<END
[Service]
InaccessiblePaths=/run/systemd/container
END
mkdir opt/deno opt/deno-cache opt/symrouted
touch opt/deno/deno
tar -cz .
`;

/** The archive, or why there is none. */
export type Archive = { path: string } | { reason: string };

/** The archives with the root file systems; makes those that the cache does not have made of the same. */
export async function archives(): Promise<Map<Release, Archive>> {
  const mirror = await ownMirror();
  let prepared: Promise<string | undefined> | undefined;
  const prepareOnce = () => prepared ??= prepare("systemd");
  const made = releases.map(async (release): Promise<[Release, Archive]> => {
    if (!mirror) return [release, { reason: "needs a machine that installs Debian or Ubuntu packages" }];
    return [release, await archive(release, mirror, prepareOnce)];
  });
  return new Map(await Promise.all(made));
}

/** Of several suites, the first that can be made. */
async function archive(
  release: Release,
  mirror: Mirror,
  prepared: () => Promise<string | undefined>,
): Promise<Archive> {
  const suites = release === "usual" ? [mirror.suite] : debians;
  if (release === "oldest" && mirror.distribution !== "Debian") {
    return { reason: "needs a machine that installs Debian packages" };
  }
  const folder = `${Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME")}/.cache`}/symrouted`;
  const paths = new Map<string, string>();
  for (const suite of suites) {
    const path = `${folder}/systemd-${suite}-${await fingerprint(suite, contents[release])}.tar.gz`;
    if (await exists(path)) return { path };
    paths.set(suite, path);
  }
  const missing = await prepared();
  if (missing) return { reason: missing };
  await Deno.mkdir(folder, { recursive: true });
  let failure: string[] = [];
  for (const [suite, path] of paths) {
    console.log(`making a root file system of ${suite} with systemd, which takes a minute: ${path}`);
    failure = await make({ ...mirror, suite }, path, contents[release]);
    if (failure.length === 0) return { path };
    console.log(`${suite} cannot be made: ${failure.at(-1)}`);
  }
  console.error(failure.slice(-20).join("\n"));
  return { reason: `the root file system cannot be made: ${failure.at(-1)}` };
}

/** Writes it under another name first: what is there under its own name is whole. Gives what was said where it fails. */
async function make({ suite, url, proxies }: Mirror, path: string, packages: string[]): Promise<string[]> {
  const settings = {
    PATH: Deno.env.get("PATH"),
    ...proxies,
    SUITE: suite,
    URL: url,
    PACKAGES: packages.join(),
  };
  const assignments = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  const argv = [
    ...asRoot(),
    "env",
    ...assignments,
    "unshare",
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
  ];
  const part = await Deno.makeTempFile({ dir: path.replace(/\/[^/]*$/, ""), prefix: "part-" });
  try {
    const child = new Deno.Command(argv[0], {
      args: [...argv.slice(1), "sh", "-euc", RECIPE],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const messages = new Response(child.stderr).text();
    await child.stdout.pipeTo((await Deno.open(part, { write: true })).writable);
    if (!(await child.status).success) return (await messages).trim().split("\n");
    await Deno.rename(part, path);
    return [];
  } finally {
    await Deno.remove(part).catch(() => {});
  }
}

/** What it is made of, in short. */
async function fingerprint(suite: string, packages: string[]): Promise<string> {
  const text = JSON.stringify([suite, Deno.build.arch, packages, RECIPE]);
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(hash).toHex().slice(0, 12);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
