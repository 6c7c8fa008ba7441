/** What an executable is made of, from the records of its making. */

import type { Record } from "./compile.ts";
import type { Crate } from "./license_texts.ts";
import { LIBNL_SOURCE } from "./libnl.ts";
import type { Component } from "./sbom.ts";
import { root, run, Unmakeable } from "./tools.ts";

const LIBNL = `pkg:generic/libnl@${LIBNL_SOURCE.version}`;

/** The components of the executables, and the references of those that each holds itself. */
export async function componentsOf(
  records: readonly Record[],
): Promise<{ components: Component[]; held: ReadonlyMap<Record, string[]> }> {
  const bundled = await npmPackages(), crates = readCrates();
  const components = new Map<string, Component>();
  const add = (one: Component) => void components.set(one.reference, one);
  const held = new Map<Record, string[]>();
  add(libnl());
  bundled.forEach(add);
  for (const record of records) {
    const { version, v8 } = record.runtime, engine = `pkg:generic/v8@${v8}`;
    const known = crates.runtime === version ? crates.crates : [];
    add({
      reference: engine,
      type: "library",
      name: "v8",
      version: v8,
      license: "BSD-3-Clause",
      purl: engine,
      needs: [],
      parts: enginesParts(),
    });
    known.map(crateComponent).forEach(add);
    const runtime = runtimeComponent(record, [engine, ...roots(known)]);
    add(runtime);
    held.set(record, [runtime.reference, LIBNL, ...bundled.map(({ reference }) => reference)]);
  }
  return { components: [...components.values()], held };
}

/** Deno's slim runtime for that machine. */
function runtimeComponent({ target, runtime }: Record, needs: readonly string[]): Component {
  const purl = `pkg:github/denoland/deno@v${runtime.version}`;
  return {
    reference: `${purl}#denort-${target}`,
    type: "platform",
    name: `denort-${target}`,
    version: runtime.version,
    license: "MIT",
    purl,
    hash: runtime.sha256 ? { algorithm: "SHA-256", digits: runtime.sha256 } : undefined,
    needs,
  };
}

function libnl(): Component {
  const { version, license, url, sha256 } = LIBNL_SOURCE;
  return {
    reference: LIBNL,
    type: "library",
    name: "libnl",
    version,
    license,
    purl: LIBNL,
    source: { url, sha256 },
    needs: [],
  };
}

/** What V8 itself holds, from the headings over its licences. */
function enginesParts(): { name: string; license: string }[] {
  const text = Deno.readTextFileSync(`${root}dist/licenses/v8`);
  const headings = [...text.matchAll(/^-{78}\n(.*) \((.*)\)\n-{78}$/gm)].slice(1);
  return headings.map(([, name, license]) => ({ name: name.replace(", in V8", ""), license }));
}

/** The Rust crates of a runtime, and which version of Deno that is. */
export function readCrates(): { runtime: string; crates: Crate[] } {
  return JSON.parse(Deno.readTextFileSync(`${root}dist/make/crates.json`));
}

function crateReference(name: string): string {
  return `pkg:cargo/${name.replaceAll("+", "%2B")}`;
}

function crateComponent({ name, version, license, sha256, needs }: Crate): Component {
  const reference = crateReference(`${name}@${version}`);
  return {
    reference,
    type: "library",
    name,
    version,
    license,
    purl: reference,
    hash: { algorithm: "SHA-256", digits: sha256 },
    needs: needs.map(crateReference),
  };
}

/** Those that no other crate needs. */
function roots(crates: readonly Crate[]): string[] {
  const needed = new Set(crates.flatMap(({ needs }) => needs));
  return crates.map(({ name, version }) => `${name}@${version}`).filter((one) => !needed.has(one)).map(
    crateReference,
  );
}

/** A package of npm's, as `deno info --json` tells of it, as far as that is used. */
interface NpmPackage {
  readonly name: string;
  readonly version: string;
  readonly dependencies: readonly string[];
}

/** The packages of npm's that the program imports, with the checksums of deno.lock. */
async function npmPackages(): Promise<Component[]> {
  const npmPackages = (await info("src/main.ts")).npmPackages as { readonly [key: string]: NpmPackage };
  const cache = (await info()).npmCache as string;
  const { npm: locked } = JSON.parse(Deno.readTextFileSync(`${root}deno.lock`));
  const reference = (key: string) => {
    const { name, version } = npmPackages[key];
    return `pkg:npm/${name.replace("@", "%40")}@${version}`;
  };
  return Object.entries(npmPackages).map(([key, { name, version, dependencies }]) => {
    const [algorithm, sum] = locked[key]?.integrity.split("-") ?? [];
    if (algorithm !== "sha512") throw new Unmakeable(`deno.lock has no SHA-512 of ${key}`);
    return {
      reference: reference(key),
      type: "library",
      name,
      version,
      license: manifest(`${name}/${version}`, cache).license,
      purl: reference(key),
      hash: { algorithm: "SHA-512", digits: Uint8Array.fromBase64(sum).toHex() },
      needs: dependencies.map(reference),
    };
  });
}

/** Of that module and all that it imports, or else of Deno itself. */
async function info(...module: string[]): Promise<{ [key: string]: unknown }> {
  return JSON.parse(await run([Deno.execPath(), "info", "--quiet", "--json", ...module], { cwd: root }));
}

/** The package.json of a package in Deno's cache, where each registry has a folder. */
function manifest(path: string, cache: string): { readonly license: string } {
  for (const { name } of Deno.readDirSync(cache)) {
    try {
      return JSON.parse(Deno.readTextFileSync(`${cache}/${name}/${path}/package.json`));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  throw new Unmakeable(`${path} is not in Deno's cache, ${cache}`);
}
