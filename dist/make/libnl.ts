/**
 * The copies of libnl that go into the executable: built from its unchanged source, so that they need no newer glibc than the
 * executable itself, for either machine on either.
 */

import { sha256 } from "../../src/unit/seal.ts";
import type { Architecture } from "./runtime.ts";
import { cached, fetched, run, Unmakeable, unpackWheel, verify } from "./tools.ts";

export const LIBNL_SOURCE = {
  version: "3.7.0",
  license: "LGPL-2.1-only",
  url: "https://github.com/thom311/libnl/releases/download/libnl3_7_0/libnl-3.7.0.tar.gz",
  sha256: "9fe43ccbeeea72c653bdcf8c93332583135cda46a79507bfd0a483bb57f65939",
} as const;

/** The compiler: one program that builds for any glibc and any machine, the same on all of them. */
const ZIG = {
  requirement: "ziglang==0.17.1",
  x86_64: {
    platform: "manylinux_2_12_x86_64",
    sha256: "ea6cc5d87b033cf0aedfbc8f9549a908cae6c50ac31f1698188fa48a74524b54",
  },
} as const;

/** What the compiler makes of it, everywhere. */
const BUILT: Record<Architecture, Record<string, string>> = {
  x86_64: {
    "libnl-3.so.200": "2534ad8921b0718fa15c34d3b7a71043713520f33573f833fd92f529bf9f75de",
    "libnl-route-3.so.200": "df0cbb1098a901c4935aceb1ca14189fa0132bfd53c575854bd2a3bf6e273858",
  },
  aarch64: {
    "libnl-3.so.200": "a2910e09f1f6bb44a598212d7d61caca9f2a83df45e5f9bfe22c53392a5e1fa8",
    "libnl-route-3.so.200": "faaeeacbf1b19eed03b143b1a0f748d69593995d79427f109fdb377e097be7b2",
  },
};

/** Older than Deno's own need, 2.27. */
const GLIBC = "2.17";

/** Classifiers that need generated parsers, and the rest of traffic control, are not used. */
const ROUTE_SOURCES = {
  folders: ["lib/route", "lib/route/link", "lib/fib_lookup"],
  without: /\/(pktloc|cls|act|class|qdisc|mdb|neightbl)\.c$/,
};

const FLAGS = [
  ...["-shared", "-fPIC", "-Os", "-g0", "-s", "-w", "-fno-sanitize=undefined"],
  ...["-D_GNU_SOURCE", "-DHAVE_STRERROR_L=1", "-DHAVE_DLFCN_H=1", '-DSYSCONFDIR="/etc/libnl"'],
  ...[
    "-Iinclude/linux-private",
    "-Iinclude",
    "-Ilib",
    "-Wl,--build-id=none",
    "-Wl,-z,defs",
    "-Wl,--undefined-version",
  ],
];

/** The folder with libnl-3.so.200 and libnl-route-3.so.200 for that machine, in the user's cache. */
export async function libnlFor(architecture: Architecture): Promise<string> {
  const folder = await built(architecture);
  // Whoever can write to the cache does not decide what is shipped.
  for (const [name, sha256] of Object.entries(BUILT[architecture])) {
    await verify(await Deno.readFile(`${folder}/${name}`), { name: `${folder}/${name}`, sha256 });
  }
  return folder;
}

async function built(architecture: Architecture): Promise<string> {
  const recipe = JSON.stringify([LIBNL_SOURCE, ZIG, GLIBC, ROUTE_SOURCES.folders, FLAGS]) +
    ROUTE_SOURCES.without.source;
  const mark = (await sha256(new TextEncoder().encode(recipe))).slice(0, 12);
  return await cached(`libnl-${LIBNL_SOURCE.version}-${architecture}-${mark}`, async (path) => {
    const source = `${path}.source`;
    await Deno.mkdir(source);
    await run(["tar", "-xzf", await sourceArchive(), "--strip-components=1", "-C", source]);
    // What its configure script would find out is said in the flags.
    await Deno.writeTextFile(`${source}/lib/defs.h`, "");
    await Deno.mkdir(path);
    const cc = [await zig(), "cc", "-target", `${architecture}-linux-gnu.${GLIBC}`, ...FLAGS];
    const core = `${path}/libnl-3.so.200`, route = `${path}/libnl-route-3.so.200`;
    await run([...cc, ...linked(core, "libnl-3"), ...sources(source, ["lib"]), "-lpthread"], { cwd: source });
    const used = sources(source, ROUTE_SOURCES.folders).filter((name) => !ROUTE_SOURCES.without.test(name));
    await run([...cc, ...linked(route, "libnl-route-3"), ...used, core], { cwd: source });
  });
}

function linked(path: string, name: string): string[] {
  return [`-Wl,-soname,${name}.so.200`, `-Wl,--version-script=${name}.sym`, "-o", path];
}

function sources(root: string, folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    [...Deno.readDirSync(`${root}/${folder}`)].map(({ name }) => `${folder}/${name}`)
      .filter((name) => name.endsWith(".c")).sort()
  );
}

async function zig(): Promise<string> {
  const wheel = ZIG[Deno.build.arch as keyof typeof ZIG & Architecture];
  if (!wheel) throw new Unmakeable(`libnl is built on x86_64, not on ${Deno.build.arch}`);
  const folder = await cached(`${ZIG.requirement}-${Deno.build.arch}`, async (path) => {
    await unpackWheel(ZIG.requirement, { ...wheel, into: path });
    await Deno.chmod(`${path}/ziglang/zig`, 0o755);
  });
  return `${folder}/ziglang/zig`;
}

/** The release's archive: from the project itself, or from this machine's own distribution. */
async function sourceArchive(): Promise<string> {
  return await cached(`libnl-${LIBNL_SOURCE.version}.tar.gz`, async (path) => {
    const bytes = await fetched(LIBNL_SOURCE.url) ?? await distributed(path);
    await verify(bytes, { name: `libnl's source`, sha256: LIBNL_SOURCE.sha256 });
    await Deno.writeFile(path, bytes);
  });
}

/** Out of the source package that Debian or Ubuntu have: with apt's own settings, but asking for sources. */
async function distributed(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const folder = `${path}.apt`;
  for (const name of ["sources", "lists/partial"]) await Deno.mkdir(`${folder}/${name}`, { recursive: true });
  for (const [name, text] of aptSources()) await Deno.writeTextFile(`${folder}/sources/${name}`, text);
  const apt = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "-o", "Dir::Etc::sourcelist=/dev/null"];
  apt.push("-o", `Dir::Etc::sourceparts=${folder}/sources`, "-o", `Dir::State::lists=${folder}/lists`);
  try {
    await run([...apt, "update"]);
    await run([...apt, "source", "--download-only", "libnl3"], { cwd: folder });
  } catch (error) {
    throw new Unmakeable(
      `libnl's source is neither at ${LIBNL_SOURCE.url} nor to be had by apt: ${(error as Error).message}`,
    );
  }
  const archive = [...Deno.readDirSync(folder)].find(({ name }) => name.endsWith(".orig.tar.gz"));
  if (!archive) throw new Unmakeable("apt's source package of libnl3 has no archive of the release");
  return await Deno.readFile(`${folder}/${archive.name}`);
}

/** This machine's package sources (sources.list(5)), each with its sources instead of its binaries. */
function* aptSources(): Iterable<[string, string]> {
  const files = ["/etc/apt/sources.list"];
  try {
    files.push(
      ...[...Deno.readDirSync("/etc/apt/sources.list.d")].map(({ name }) =>
        `/etc/apt/sources.list.d/${name}`
      ),
    );
  } catch (error) {
    throw new Unmakeable(`this machine has no apt: ${(error as Error).message}`);
  }
  for (const [index, file] of files.entries()) {
    let text: string;
    try {
      text = Deno.readTextFileSync(file);
    } catch {
      continue;
    }
    if (file.endsWith(".sources")) {
      yield [`${index}.sources`, text.replaceAll(/^Types:.*$/gm, "Types: deb-src")];
    } else if (file.endsWith(".list")) {
      yield [`${index}.list`, text.replaceAll(/^deb(-src)?\s/gm, "deb-src ")];
    }
  }
}
