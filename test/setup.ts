// Installs what a fresh machine lacks for the demonstration and for the tests, and nothing else.

/** What is to be run, and whose needs it has too: the demonstration needs less than the tests. */
const purposes = {
  try: ["try"],
  test: ["try", "test"],
  kernel: ["try", "test", "kernel"],
  compile: ["compile"],
  compiled: ["try", "test", "compile"],
  aarch64: ["aarch64"],
  systemd: ["try", "test", "compile", "systemd"],
  package: ["try", "test", "compile", "package"],
};
export type Purpose = keyof typeof purposes;

interface Need {
  /** A program to be found in PATH, or a library by its soname. */
  name: string;
  purpose: Purpose;
  /** The packages that bring it, by package manager. */
  packages: Record<Manager, string[]>;
}

type Manager = keyof typeof managers;

/** How each package manager installs without asking. */
const managers = {
  "apt-get": [["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]],
  dnf: [["dnf", "install", "-y", "-q"]],
  pacman: [["pacman", "-Sy", "--noconfirm", "--needed", "--quiet"]],
};

const needs: Need[] = [
  need("libnl-3.so.200", "try", ["libnl-3-200", "libnl3", "libnl"]),
  need("libnl-route-3.so.200", "try", ["libnl-route-3-200", "libnl3", "libnl"]),
  need("ip", "try", ["iproute2", "iproute", "iproute2"]),
  need("nft", "try", ["nftables", "nftables", "nftables"]),
  need("ping", "try", ["iputils-ping", "iputils", "iputils"]),
  need("bash", "try", ["bash", "bash", "bash"]),
  need("unshare", "try", ["util-linux", "util-linux-core", "util-linux"]),
  need("setpriv", "test", ["util-linux", "util-linux", "util-linux"]),
  need("radvd", "test", ["radvd", "radvd", "radvd"]),
  need("dnsmasq", "test", ["dnsmasq-base", "dnsmasq", "dnsmasq"]),
  need("iptables-nft", "test", ["iptables", "iptables-nft", "iptables-nft"]),
  need("curl", "test", ["curl", "curl", "curl"]),
  need("busybox", "test", ["busybox", "busybox", "busybox"]),
  need("cc", "test", ["gcc libc6-dev", "gcc", "gcc"]),
  need("qemu-system-x86_64", "kernel", ["qemu-system-x86", "qemu-system-x86-core", "qemu-system-x86"]),
  need("debootstrap", "systemd", ["debootstrap", "debootstrap", "debootstrap"]),
  need("python3", "compile", ["python3", "python3", "python"]),
  need("pip3", "compile", ["python3-pip", "python3-pip", "python-pip"]),
  need("tar", "compile", ["tar", "tar", "tar"]),
  need("qemu-aarch64-static", "aarch64", ["qemu-user-static", "qemu-user-static", "qemu-user-static"]),
  need("ld-linux-aarch64.so.1", "aarch64", [
    "libc6-arm64-cross libgcc-s1-arm64-cross",
    "sysroot-aarch64-fc41-glibc",
    "aarch64-linux-gnu-glibc",
  ]),
  need("dpkg-deb", "package", ["dpkg", "dpkg", "dpkg"]),
  need("rpmbuild", "package", ["rpm", "rpm-build", "rpm-tools"]),
  need("gzip", "package", ["gzip", "gzip", "gzip"]),
  need("lintian", "package", ["lintian", "lintian", "lintian"]),
  need("rpmlint", "package", ["rpmlint", "rpmlint", "rpmlint"]),
  need("zsh", "package", ["zsh", "zsh", "zsh"]),
  need("fish", "package", ["fish", "fish", "fish"]),
  need("wg-quick", "kernel", ["wireguard-tools", "wireguard-tools", "wireguard-tools"]),
];

/** Administrators' programs are not in every user's PATH. */
const programFolders = [
  ...(Deno.env.get("PATH") ?? "").split(":"),
  "/usr/local/sbin",
  "/usr/sbin",
  "/sbin",
];

/** Where programs for that machine find their libraries. */
export const AARCH64_ROOT = "/usr/aarch64-linux-gnu";

const libraryFolders = [
  `/lib/${Deno.build.arch}-linux-gnu`,
  `/usr/lib/${Deno.build.arch}-linux-gnu`,
  "/usr/local/lib",
  "/lib64",
  "/usr/lib64",
  "/usr/lib",
  "/lib",
  `${AARCH64_ROOT}/lib`,
];

/** Whether we are root. */
export function isRoot(): boolean {
  return Deno.uid() === 0;
}

/** Installs what is missing for the purpose; without a way to do so it ends the program with one clear line. */
export async function setup(purpose: Purpose): Promise<void> {
  const reason = await prepare(purpose);
  if (reason === undefined) return;
  console.error(reason);
  Deno.exit(1);
}

/** Installs what is missing for the purpose; gives the reason where that cannot be. */
export async function prepare(purpose: Purpose): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "symrouted needs Linux";
  Deno.env.set("PATH", [...new Set(programFolders)].join(":"));
  const missing = lacking(purpose);
  if (missing.length === 0) return undefined;
  const list = missing.map((each) => each.name).join(", ");
  const manager = (Object.keys(managers) as Manager[]).find((name) => present(name));
  if (!manager) {
    return `missing: ${list}; please install them (Alpine: gcompat libnl3 iproute2 nftables iputils)`;
  }
  const packages = [...new Set(missing.flatMap((each) => each.packages[manager]))];
  console.log(`missing: ${list}; installing ${packages.join(", ")} with ${manager}`);
  if (!isRoot() && !present("sudo")) return "installing needs root: run this as root, or install sudo";
  await install(manager, packages);
  const still = lacking(purpose).map((each) => each.name).join(", ");
  return still
    ? `still missing: ${still}; ${manager} could not install them, its messages are above`
    : undefined;
}

async function install(manager: Manager, packages: string[]): Promise<void> {
  for (const [position, command] of managers[manager].entries()) {
    const last = position === managers[manager].length - 1;
    // Debian's packages start their servers, except in run level 1: nothing may run here that was not asked for.
    const argv = [
      "env",
      "DEBIAN_FRONTEND=noninteractive",
      "RUNLEVEL=1",
      ...command,
      ...(last ? packages : []),
    ];
    if (!isRoot()) argv.unshift("sudo");
    // The output is the user's to see only where it explains a failure.
    const { success, stdout, stderr } = await new Deno.Command(argv[0], {
      args: argv.slice(1),
      stdin: isRoot() ? "null" : "inherit",
      stdout: "piped",
      stderr: "piped",
    }).output();
    if (!success) { for (const text of [stdout, stderr]) await Deno.stderr.write(text); }
  }
}

function lacking(purpose: Purpose): Need[] {
  return needs.filter((each) => purposes[purpose].includes(each.purpose) && !present(each.name));
}

/** The folder that has the program or library. */
export function folderOf(name: string): string | undefined {
  const folders = name.includes(".so.") ? libraryFolders : programFolders;
  return folders.find((folder) => exists(`${folder}/${name}`));
}

function present(name: string): boolean {
  return folderOf(name) !== undefined;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** `packages` in the order of the managers, several of one manager with blanks between them. */
function need(name: string, purpose: Purpose, packages: string[]): Need {
  const [apt, dnf, pacman] = packages.map((names) => names.split(" "));
  return { name, purpose, packages: { "apt-get": apt, dnf, pacman } };
}
