// The root file system of the machines: made once from this machine's own mirror, and kept in the user's cache.

import { asRoot } from "../lab/isolation.ts";
import { type Mirror, ownMirror } from "../mirror.ts";
import { prepare } from "../setup.ts";

/** What it holds beyond the least that a Debian or Ubuntu has. */
const packages = [
  "systemd",
  "systemd-sysv",
  "dbus",
  "udev",
  "libpam-systemd",
  "network-manager",
  "iproute2",
  "iputils-ping",
  "procps",
  "libnl-3-200",
  "libnl-route-3-200",
];

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

/** The archive with the root file system; makes it where the cache has none that is made of the same. */
export async function archive(): Promise<Archive> {
  const mirror = await ownMirror();
  if (!mirror) return { reason: "needs a machine that installs Debian or Ubuntu packages" };
  const folder = `${Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME")}/.cache`}/symrouted`;
  const path = `${folder}/systemd-${mirror.suite}-${await fingerprint(mirror.suite)}.tar.gz`;
  if (await exists(path)) return { path };
  const missing = await prepare("systemd");
  if (missing) return { reason: missing };
  console.log(`making a root file system of ${mirror.suite} with systemd, which takes a minute: ${path}`);
  await Deno.mkdir(folder, { recursive: true });
  const reason = await make(mirror, path);
  return reason ? { reason } : { path };
}

/** Writes it under another name first: what is there under its own name is whole. */
async function make({ suite, url, proxies }: Mirror, path: string): Promise<string | undefined> {
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
    if ((await child.status).success) return void await Deno.rename(part, path);
    const lines = (await messages).trim().split("\n");
    console.error(lines.slice(-20).join("\n"));
    return `the root file system cannot be made: ${lines.at(-1)}`;
  } finally {
    await Deno.remove(part).catch(() => {});
  }
}

/** What it is made of, in short. */
async function fingerprint(suite: string): Promise<string> {
  const text = JSON.stringify([suite, Deno.build.arch, packages, RECIPE]);
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(hash).toHex().slice(0, 12);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
