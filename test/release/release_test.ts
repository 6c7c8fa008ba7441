// Releases that were made from the same input, each its own way.

import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import "ajv";
import "ajv-formats";
import "ajv-formats-draft2019";
import assert from "node:assert/strict";
import { run } from "../../dist/make/tools.ts";
import { sha256 } from "../../src/unit/seal.ts";
import { copyCheckout, madeIn, makeRelease, variables } from "./checkout.ts";

const reason = Deno.env.get(variables.reason);
const releases = Deno.env.get(variables.releases)?.split("\n") ?? [];

/** Skipped, with the reason, where no release could be made. */
function releaseTest(name: string, fn: () => Promise<void>): void {
  const why = reason ?? (releases.length ? undefined : "`deno task test-release` makes the releases");
  Deno.test({ name: why ? `${name} (skipped: ${why})` : name, ignore: why !== undefined, fn });
}

/** SHA256SUMS: checksums by name. */
async function sumsOf(release: string): Promise<Map<string, string>> {
  const lines = (await Deno.readTextFile(`${release}/dist/SHA256SUMS`)).trimEnd().split("\n");
  return new Map(lines.map((line) => line.split("  ")).map(([sum, name]) => [name, sum]));
}

releaseTest("the same input gives the same bytes", async () => {
  const [one, other] = await Promise.all(releases.map(sumsOf));
  assert.deepEqual(other, one);
});

releaseTest("SHA256SUMS is right, and names all that there is", async () => {
  for (const release of releases) {
    await run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], { cwd: `${release}/dist` });
    const sums = await sumsOf(release);
    assert.deepEqual(["SHA256SUMS", ...sums.keys()].sort(), madeIn(release));
    for (const kind of [/^symrouted$/, /^symrouted-a/, /_arm64\.deb$/, /_amd64\.deb$/, /\.aarch64\.rpm$/]) {
      assert.ok([...sums.keys()].some((name) => kind.test(name)), `${kind}`);
    }
  }
});

releaseTest("the bill of materials is valid, and its checksums are the files'", async () => {
  const dist = `${releases[0]}/dist/`;
  const text = await Deno.readTextFile(`${dist}symrouted.cdx.json`);
  assert.equal(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text), null);
  const { components } = JSON.parse(text);
  const files = components.filter(({ type }: { type: string }) => type === "file");
  assert.equal(files.length, 6);
  for (const { name, hashes: [{ content }] } of files) {
    assert.equal(content, await sha256(await Deno.readFile(dist + name)), name);
  }
  const runtimes = components.filter(({ type }: { type: string }) => type === "platform");
  const machines = ["x86_64", "aarch64"].map((one) => `denort-${one}-unknown-linux-gnu`);
  assert.deepEqual(runtimes.map(({ name }: { name: string }) => name), machines);
});

releaseTest("what cannot be made leaves one line, and no checksums of something else", async () => {
  const folder = await Deno.makeTempDir({ prefix: "symrouted-release-" });
  try {
    await copyCheckout(folder);
    await Deno.writeTextFile(`${folder}/dist/SHA256SUMS`, "of another run\n");
    const { code, stderr } = await makeRelease(folder, { env: { DENORT_BIN: "/nonexistent" } });
    assert.deepEqual({ code, stderr }, {
      code: 1,
      stderr: "release: DENORT_BIN=/nonexistent: there is no such file\n",
    });
    assert.deepEqual(madeIn(folder), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
