/**
 * `deno run -A dist/make/licenses.ts`: writes dist/licenses/crates and dist/make/crates.json, the Rust crates that Deno's slim
 * runtime is linked from, with their licences. Run by hand when the version in runtime.ts changes, with Rust's cargo and
 * crates.io in reach; what it writes is committed.
 */

import { type Crate, licencesOf, spdx, type Texts, written } from "./license_texts.ts";
import { ARCHITECTURES, PAIR, pairedRuntime, targetOf } from "./runtime.ts";
import { fetched, root, run, task, Unmakeable, withFolder } from "./tools.ts";

/** Where the list is kept for those who need it as data. */
export const CRATES = `${root}dist/make/crates.json`;

/** What the runtime's own package depends on, which is not published, with the features that it asks for. */
const DEPENDENCIES: Record<string, readonly string[]> = {
  "async-trait": [],
  bincode: [],
  deno_ast: ["cjs"],
  deno_cache_dir: ["sync"],
  deno_config: ["sync", "workspace"],
  deno_core: [],
  deno_error: [],
  deno_lib: [],
  deno_media_type: ["data_url", "decoding"],
  deno_node: [],
  deno_npm: [],
  deno_package_json: ["sync"],
  deno_path_util: [],
  deno_resolver: ["sync"],
  deno_runtime: [],
  deno_semver: [],
  deno_snapshots: [],
  deno_terminal: [],
  import_map: [],
  indexmap: [],
  "jsonc-parser": [],
  libsui: [],
  log: ["serde"],
  node_resolver: [],
  notify: [],
  rustls: [],
  serde: ["derive"],
  serde_json: [],
  sys_traits: ["getrandom", "filetime", "libc", "real", "strip_unc", "winapi"],
  thiserror: [],
  tokio: [],
  url: [],
  v8: [],
};

/** What `cargo metadata` tells of a package, as far as it is used (doc.rust-lang.org/cargo/commands/cargo-metadata.html). */
interface Package {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly license: string | null;
  readonly authors: readonly string[];
  readonly manifest_path: string;
}

interface Metadata {
  readonly packages: readonly Package[];
  readonly resolve: { readonly nodes: readonly Node[] };
}

interface Node {
  readonly id: string;
  /** The kind is null for those that are neither for building nor for testing. */
  readonly deps: readonly {
    readonly pkg: string;
    readonly dep_kinds: readonly { readonly kind: string | null }[];
  }[];
}

if (import.meta.main) await task("licenses", async () => await withFolder(main));

async function main(folder: string): Promise<void> {
  const sums = await layOut(folder);
  const linked = new Set<string>();
  for (const architecture of ARCHITECTURES) {
    for (const one of await tree(folder, targetOf(architecture))) linked.add(one);
  }
  await checkAgainstRuntime(linked);
  const command = ["cargo", "metadata", "--format-version", "1", "--locked"];
  const platforms = ARCHITECTURES.flatMap((one) => ["--filter-platform", targetOf(one)]);
  const { packages, resolve } = JSON.parse(await output([...command, ...platforms], folder)) as Metadata;
  const names = new Map(packages.map(({ id, name, version }) => [id, `${name}@${version}`]));
  const needs = new Map(resolve.nodes.map(({ id, deps }) => [
    names.get(id)!,
    deps.filter(({ dep_kinds }) => dep_kinds.some(({ kind }) => kind === null))
      .map(({ pkg }) => names.get(pkg)!).filter((one) => linked.has(one)).sort(),
  ]));
  const crates: Crate[] = [], texts = new Map<string, Texts>();
  for (const { name, version, license, authors, manifest_path } of packages) {
    const key = `${name}@${version}`;
    if (!linked.has(key)) continue;
    const crate = {
      name,
      version,
      license: spdx(license, key),
      sha256: sums.get(key)!,
      needs: needs.get(key)!,
    };
    crates.push(crate);
    texts.set(key, await licencesOf(crate, { authors, folder: manifest_path.replace(/\/[^/]*$/, "") }));
  }
  crates.sort((a, b) => `${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1);
  const text = written(crates, { texts, runtime: PAIR.version });
  await Deno.writeTextFile(`${root}dist/licenses/crates`, text);
  const lines = crates.map((one) => `  ${JSON.stringify(one)}`).join(",\n");
  await Deno.writeTextFile(
    CRATES,
    `{ "runtime": "${PAIR.version}", "crates": [\n${lines}\n] }\n`,
  );
  console.log(`${crates.length} crates, ${text.length} characters of licences`);
}

/** A package that stands for the runtime's, with the exact versions of Deno's own; gives each crate's SHA-256. */
async function layOut(folder: string): Promise<Map<string, string>> {
  const url = `https://static.crates.io/crates/deno/deno-${PAIR.version}.crate`;
  const crate = await fetched(url);
  if (!crate) throw new Unmakeable(`${url} is out of reach`);
  await Deno.writeFile(`${folder}/deno.crate`, crate);
  await run(["tar", "-xzf", "deno.crate", "--strip-components=1", `deno-${PAIR.version}/Cargo.lock`], {
    cwd: folder,
  });
  const lock = await Deno.readTextFile(`${folder}/Cargo.lock`);
  const sums = new Map<string, string>(), versions = new Map<string, string>();
  const entry = /name = "(.*)"\nversion = "(.*)"\n(?:source = .*\nchecksum = "(.*)"\n)?/g;
  for (const [, name, version, sum] of lock.matchAll(entry)) {
    sums.set(`${name}@${version}`, sum);
    // Of several versions of a crate the newest is the runtime's own.
    versions.set(name, version);
  }
  const dependencies = Object.entries(DEPENDENCIES).map(([name, features]) =>
    `${name} = { version = "=${versions.get(name)}", features = ${JSON.stringify(features)} }\n`
  );
  await Deno.mkdir(`${folder}/src`);
  await Deno.writeTextFile(`${folder}/src/main.rs`, "fn main() {}\n");
  await Deno.writeTextFile(
    `${folder}/Cargo.toml`,
    `[package]\nname = "denort"\nversion = "${PAIR.version}"\nedition = "2021"\n[workspace]\n[dependencies]\n` +
      dependencies.join(""),
  );
  // Takes what is not the runtime's out of the lock.
  await output(["cargo", "metadata", "--format-version", "1"], folder);
  for (const [, name, version] of (await Deno.readTextFile(`${folder}/Cargo.lock`)).matchAll(entry)) {
    const key = `${name}@${version}`;
    if (name !== "denort" && !sums.has(key)) throw new Unmakeable(`${key} is not in Deno's own Cargo.lock`);
  }
  return sums;
}

/** The crates whose code is linked for that machine: neither those that only build, nor macros' own. */
async function tree(folder: string, target: string): Promise<string[]> {
  const command = ["cargo", "tree", "--locked", "-e", "normal,no-proc-macro", "--target", target];
  const lines = await output([...command, "--prefix", "none", "--format", "{p}", "--no-dedupe"], folder);
  return lines.split("\n").flatMap((line) => {
    const [, name, version] = line.match(/^(\S+) v(\S+)/) ?? [];
    return !name || name === "denort" ? [] : [`${name}@${version}`];
  });
}

/** Throws where the runtime tells of a crate's source that is not in the list. */
async function checkAgainstRuntime(linked: ReadonlySet<string>): Promise<void> {
  const known = new Set([...linked].map((one) => one.replace("@", "-")));
  for (const architecture of ARCHITECTURES) {
    const bytes = await Deno.readFile(await pairedRuntime(architecture));
    const seen = new TextDecoder("latin1").decode(bytes).matchAll(/registry\/src\/index[^/]*\/([\w.+-]+)\//g);
    const missing = new Set([...seen].map(([, name]) => name).filter((name) => !known.has(name)));
    if (missing.size) {
      throw new Unmakeable(`the runtime names crates that are not in the list: ${[...missing]}`);
    }
  }
}

/** What a program prints on standard output alone. */
async function output(argv: readonly string[], cwd: string): Promise<string> {
  const path = `${cwd}/printed`;
  await run(["sh", "-c", 'out=$1; shift; exec "$@" >"$out"', "sh", path, ...argv], { cwd });
  return await Deno.readTextFile(path);
}
