/** What a release is made of, as CycloneDX 1.6 (cyclonedx.org/docs/1.6/json): the same facts give the same bytes. */

import { sha256 } from "../../src/unit/seal.ts";

/** A file of the release. */
export interface Released {
  readonly name: string;
  readonly sha256: string;
  /** Names of other files of the release that it holds. */
  readonly holds?: readonly string[];
  /** Components that it holds, by their references. */
  readonly components?: readonly string[];
}

export interface Component {
  /** By this it is referred to; the package URL where there is one (github.com/package-url/purl-spec). */
  readonly reference: string;
  readonly type: "library" | "platform";
  readonly name: string;
  readonly version?: string;
  /** An SPDX licence expression. */
  readonly license?: string;
  readonly purl?: string;
  /** In hexadecimal digits. */
  readonly hash?: { readonly algorithm: "SHA-256" | "SHA-512"; readonly digits: string };
  /** Where its source is, and what that file's SHA-256 is. */
  readonly source?: { readonly url: string; readonly sha256: string };
  /** References of what it needs. */
  readonly needs: readonly string[];
  /** What it holds that has no version of its own. */
  readonly parts?: readonly { readonly name: string; readonly license: string }[];
}

export interface Facts {
  readonly version: string;
  readonly date: Date;
  readonly files: readonly Released[];
  readonly components: readonly Component[];
}

/** The bill, as text. */
export async function sbomText(facts: Facts): Promise<string> {
  const bill = billOf(facts);
  // A number that is another for another release, and the same for the same: RFC 9562, version 8.
  const digits = await sha256(new TextEncoder().encode(JSON.stringify(bill)));
  const uuid = `${digits.slice(0, 8)}-${digits.slice(8, 12)}-8${digits.slice(13, 16)}-a${
    digits.slice(17, 20)
  }-`;
  const { bomFormat, specVersion, ...rest } = bill;
  const serialNumber = `urn:uuid:${uuid}${digits.slice(20, 32)}`;
  return `${JSON.stringify({ bomFormat, specVersion, serialNumber, ...rest }, undefined, 1)}\n`;
}

function billOf({ version, date, files, components }: Facts) {
  const whole = `pkg:generic/symrouted@${version}`;
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      timestamp: date.toISOString(),
      component: {
        type: "application",
        "bom-ref": whole,
        name: "symrouted",
        version,
        licenses: licenses("MIT"),
        purl: whole,
      },
    },
    components: [...files.map(fileEntry), ...components.map(componentEntry)],
    dependencies: [
      { ref: whole, dependsOn: files.map(({ name }) => reference(name)) },
      ...files.map(({ name, holds = [], components = [] }) => ({
        ref: reference(name),
        dependsOn: [...holds.map(reference), ...components],
      })),
      ...components.map(({ reference, needs }) => ({ ref: reference, dependsOn: needs })),
    ],
  };
}

/** A package URL cannot be a file's; no other reference begins so. */
function reference(name: string): string {
  return `file:${name}`;
}

function fileEntry({ name, sha256 }: Released) {
  return { type: "file", "bom-ref": reference(name), name, hashes: [{ alg: "SHA-256", content: sha256 }] };
}

function componentEntry({ reference, type, name, version, license, purl, hash, source, parts }: Component) {
  return {
    type,
    "bom-ref": reference,
    name,
    version,
    hashes: hash && [{ alg: hash.algorithm, content: hash.digits }],
    licenses: license === undefined ? undefined : licenses(license),
    purl,
    externalReferences: source && [{
      type: "source-distribution",
      url: source.url,
      hashes: [{ alg: "SHA-256", content: source.sha256 }],
    }],
    components: parts?.map((one) => ({ type: "library", name: one.name, licenses: licenses(one.license) })),
  };
}

/** One licence is named by its id, several by an expression. */
function licenses(expression: string) {
  return /[ +]/.test(expression) ? [{ expression }] : [{ license: { id: expression } }];
}
