/** What the executable runs on: `denort`, Deno's slim runtime, and the Deno of the same version that puts a program behind it. */

import { cached, exists, isThere, run, Unmakeable, unpackWheel, verify } from "./tools.ts";

/** The machines that the executable is made for. */
export const ARCHITECTURES = ["x86_64", "aarch64"] as const;
export type Architecture = typeof ARCHITECTURES[number];

/** The oldest glibc that Deno's runtime runs with: the newest version that it asks of a symbol. */
export const GLIBC = "2.27";

/** As Rust and Deno call them. */
export function targetOf(architecture: Architecture): string {
  return `${architecture}-unknown-linux-gnu`;
}

export interface Runtime {
  /** The version of both. */
  readonly version: string;
  /** Runs Deno: the beginning of a command. */
  readonly deno: readonly string[];
  /** Where denort is; undefined where Deno fetches it itself. */
  readonly denort?: string;
  /** In words, why this one. */
  readonly reason: string;
}

/**
 * The pair that can be had where Deno's own site cannot: this wheel of PyPI's holds a program compiled with a denort of that
 * version. The runtime is the ELF file proper, before the payload that Deno has put behind it.
 */
export const PAIR = {
  version: "2.6.8",
  requirement: "bids-validator-deno==2.4.0",
  program: "bids_validator_deno-2.4.0.data/scripts/bids-validator-deno",
  x86_64: {
    wheel: "b6a7000b926323d25c6122ea4f92579eb7cd13790d5a2d90eb22fa069837a530",
    denort: "23bd19ba48c11df327fca649a81c9d44f0111d9951c1e93ef05bacc219e7ecc3",
  },
  aarch64: {
    wheel: "b4fdf1267c1da17402d143d6b4f963cf54117dec1525e9f68437f6ace3518219",
    denort: "d2eded4f7a3c5f4ced2e034c29962fad8e5f26e06c27e5194e9f002ee7f40370",
  },
} as const;

/** Before what Deno has put behind the runtime. */
const PAYLOAD_MAGIC = "d3n0l4nd";

/**
 * Finds a runtime for that machine: the running Deno's, or, where the same input is to give the same bytes whoever makes it, the
 * pair; the other where that cannot be had. Throws Unmakeable with what was tried where there is none.
 */
export async function findRuntime(architecture: Architecture, { pinned = false } = {}): Promise<Runtime> {
  const given = Deno.env.get("DENORT_BIN");
  if (given) {
    if (!await exists(given)) throw new Unmakeable(`DENORT_BIN=${given}: there is no such file`);
    const version = Deno.version.deno, reason = "the running Deno and DENORT_BIN";
    return { version, deno: [Deno.execPath()], denort: given, reason };
  }
  const tried: string[] = [];
  const ways = [() => ofDeno(architecture), () => pair(architecture)];
  for (const way of pinned ? ways.toReversed() : ways) {
    const found = await way();
    if (typeof found !== "string") return { ...found, reason: [...tried, found.reason].join("; ") };
    tried.push(found);
  }
  throw new Unmakeable(`no runtime for ${architecture}: DENORT_BIN is not set, ${tried.join(", and ")}`);
}

/** That of the running Deno, from its makers; or why not. */
async function ofDeno(architecture: Architecture): Promise<Runtime | string> {
  const version = Deno.version.deno;
  if (!await isThere(`https://dl.deno.land/release/v${version}/denort-${targetOf(architecture)}.zip`)) {
    return "dl.deno.land is out of reach";
  }
  return { version, deno: [Deno.execPath()], reason: "the running Deno and its runtime from dl.deno.land" };
}

/** The pair; or why not. */
async function pair(architecture: Architecture): Promise<Runtime | string> {
  const { version, requirement } = PAIR;
  try {
    return {
      version,
      deno: version === Deno.version.deno ? [Deno.execPath()] : ["npx", "--yes", `deno@${version}`],
      denort: await pairedRuntime(architecture),
      reason: `Deno ${version} and the runtime in PyPI's ${requirement}`,
    };
  } catch (error) {
    if (!(error instanceof Unmakeable)) throw error;
    return `PyPI's ${requirement} cannot be had: ${error.message}`;
  }
}

/** The pair's denort, in the user's cache. */
export async function pairedRuntime(architecture: Architecture): Promise<string> {
  const { wheel, denort } = PAIR[architecture];
  const name = `denort-${PAIR.version}-${architecture}`;
  const path = await cached(name, async (path) => {
    const into = `${path}.wheel`;
    const platform = `manylinux_2_28_${architecture}`;
    await unpackWheel(PAIR.requirement, { platform, sha256: wheel, into });
    await Deno.writeFile(path, runtimeOf(await Deno.readFile(`${into}/${PAIR.program}`)), { mode: 0o755 });
  });
  // Whoever can write to the cache does not decide what is shipped.
  await verify(await Deno.readFile(path), { name: path, sha256: denort });
  return path;
}

/** The ELF file that a program was put behind: it ends with its section headers (elf(5): e_shoff, e_shentsize, e_shnum). */
function runtimeOf(program: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const view = new DataView(program.buffer);
  const end = Number(view.getBigUint64(40, true)) + view.getUint16(58, true) * view.getUint16(60, true);
  const magic = new TextDecoder().decode(program.subarray(end, end + PAYLOAD_MAGIC.length));
  if (magic !== PAYLOAD_MAGIC) throw new Unmakeable("the program in the wheel was not compiled by Deno");
  return program.slice(0, end);
}

/** Runs the runtime's Deno. */
export function deno(runtime: Runtime, args: readonly string[], cwd: string): Promise<string> {
  const env: Record<string, string> = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  // Registries and their mirrors are trusted as the rest of this machine trusts them.
  env.DENO_TLS_CA_STORE = Deno.env.get("DENO_TLS_CA_STORE") ?? "mozilla,system";
  if (runtime.denort) env.DENORT_BIN = runtime.denort;
  return run([...runtime.deno, ...args], { cwd, env });
}
