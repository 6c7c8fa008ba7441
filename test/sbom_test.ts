// What a release is made of, as CycloneDX's own library reads it, with CycloneDX's own schema.

import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
// Its validator looks for these without asking for them.
import "ajv";
import "ajv-formats";
import "ajv-formats-draft2019";
import assert from "node:assert/strict";
import { componentsOf } from "../dist/make/components.ts";
import type { Record } from "../dist/make/compile.ts";
import { ARCHITECTURES, PAIR, targetOf } from "../dist/make/runtime.ts";
import { type Released, sbomText } from "../dist/make/sbom.ts";

/** As of an executable that was made with this version of Deno. */
function record(architecture: typeof ARCHITECTURES[number], version: string): Record {
  const runtime = { version, v8: "14.5.201.2-rusty", size: 1, sha256: "ab".repeat(32) };
  const libnl = { version: "3.7.0", sourceSha256: "cd".repeat(32) };
  return { target: targetOf(architecture), size: 2, sha256: "ef".repeat(32), runtime, libnl, embedded: [] };
}

async function bill(version: string = PAIR.version): Promise<string> {
  const records = ARCHITECTURES.map((one) => record(one, version));
  const { components, held } = await componentsOf(records);
  const files: Released[] = records.map((one) => ({
    name: one.target,
    sha256: one.sha256,
    components: held.get(one),
  }));
  files.push({ name: "symrouted.deb", sha256: "01".repeat(32), holds: [records[0].target] });
  return await sbomText({ version: "2.0.0", date: new Date(1e12), files, components });
}

async function assertValid(text: string): Promise<void> {
  assert.equal(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text), null);
}

Deno.test("it is valid, with the crates of the runtime and without", async () => {
  const known = await bill(), other = await bill("2.99.0");
  for (const text of [known, other]) await assertValid(text);
  assert.ok(known.includes('"pkg:cargo/tokio@'));
  assert.ok(!other.includes('"pkg:cargo/'), "of another version of Deno other crates are a part");
});

Deno.test("it names what the program holds, and whatever is named is held", async () => {
  const { metadata, components, dependencies } = JSON.parse(await bill());
  const needs = new Map<string, string[]>(
    dependencies.map((one: { ref: string; dependsOn: string[] }) => [one.ref, one.dependsOn]),
  );
  const reached = new Set<string>([metadata.component["bom-ref"]]);
  for (const one of reached) for (const other of needs.get(one)!) reached.add(other);
  const named = components.map((one: { "bom-ref": string }) => one["bom-ref"]);
  assert.deepEqual([...reached].slice(1).sort(), named.sort());
  assert.equal(new Set(named).size, named.length);
  const parts = [
    /^pkg:npm\/%40stricli\/core@1\.3\.0$/,
    /^pkg:generic\/libnl@3\.7\.0$/,
    /^pkg:generic\/v8@14/,
  ];
  for (const part of parts) assert.ok(named.some((one: string) => part.test(one)), `${part}`);
});

Deno.test("its number is the same for the same facts, and another for others", async () => {
  const [one, same, other] = [await bill(), await bill(), await bill("2.99.0")];
  assert.equal(one, same);
  assert.notEqual(JSON.parse(one).serialNumber, JSON.parse(other).serialNumber);
});
