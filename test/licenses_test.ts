// The licences that are shipped are those of what is shipped.

import assert from "node:assert/strict";
import { PAIR } from "../dist/make/runtime.ts";
import { licensesText } from "../src/licenses.ts";

const folder = new URL("../dist/", import.meta.url).pathname;

Deno.test("all that lies in dist/licenses is printed", () => {
  const text = licensesText();
  for (const { name } of Deno.readDirSync(`${folder}licenses`)) {
    assert.ok(text.includes(Deno.readTextFileSync(`${folder}licenses/${name}`)), name);
  }
});

Deno.test("the crates are those of the runtime's version, and each stands over a licence", () => {
  const { runtime, crates } = JSON.parse(Deno.readTextFileSync(`${folder}make/crates.json`));
  assert.equal(runtime, PAIR.version, "dist/make/licenses.ts writes them anew");
  const [, ...blocks] = Deno.readTextFileSync(`${folder}licenses/crates`).split(/^-{78}\n/m);
  const users = new Set<string>();
  for (let index = 0; index < blocks.length; index += 2) {
    assert.match(blocks[index + 1], /\w{3}/, blocks[index]);
    for (const line of blocks[index].split("\n")) if (/^\S/.test(line)) users.add(line);
  }
  const named = crates.map(({ name, version }: { name: string; version: string }) => `${name}@${version}`);
  assert.deepEqual([...users].sort(), named.sort());
});
