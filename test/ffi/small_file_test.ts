// Small files, and the namespace's number, by libc.

import assert from "node:assert/strict";
import { ERRNO } from "../../ffi/error.ts";
import { networkNamespace } from "../../ffi/network_namespace.ts";
import { readSmallFile, removeSmallFile, writeSmallFile } from "../../ffi/small_file.ts";
import { enter } from "../lab/ear.ts";
import { Namespace } from "../lab/netns.ts";
import { inside } from "./inside.ts";

inside("a file is written whole, in the place of the one before, and removed", async () => {
  const root = await Deno.makeTempDir(), folder = `${root}/new`, path = `${folder}/file`;
  assert.equal(readSmallFile(path), undefined);
  removeSmallFile(path);
  for (const text of ["one\n", "", "ü\u{1f600}".repeat(5000)]) {
    writeSmallFile(path, text);
    assert.equal(readSmallFile(path), text);
    assert.equal(await Deno.readTextFile(path), text);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["file"]);
  }
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
  assert.equal(Deno.statSync(folder).mode! & 0o777, 0o755);
  removeSmallFile(path);
  assert.equal(readSmallFile(path), undefined);
  await Deno.remove(root, { recursive: true });
});

inside("what a crash left, or a link that somebody laid, is not written through", async () => {
  const root = await Deno.makeTempDir(), path = `${root}/file`;
  await Deno.writeTextFile(`${root}/theirs`, "theirs");
  await Deno.symlink(`${root}/theirs`, `${path}.new`);
  writeSmallFile(path, "ours");
  await Deno.remove(path);
  await Deno.symlink(`${root}/theirs`, path);
  writeSmallFile(path, "ours");
  assert.equal(await Deno.readTextFile(`${root}/theirs`), "theirs");
  assert.equal(readSmallFile(path), "ours");
  await Deno.remove(root, { recursive: true });
});

inside("a file that cannot be read, written or removed is told of", async () => {
  const root = await Deno.makeTempDir();
  assert.throws(() => readSmallFile(root), { name: "NetlinkError", message: `read ${root}: Is a directory` });
  assert.throws(() => removeSmallFile(root), { name: "NetlinkError" });
  const deep = `${root}/no/such`;
  assert.throws(() => writeSmallFile(`${deep}/file`, ""), { code: ERRNO.ENOENT, op: `create ${deep}` });
  await Deno.mkdir(`${root}/folder`);
  assert.throws(() => writeSmallFile(`${root}/folder`, ""), { op: `write ${root}/folder` });
  assert.deepEqual([...Deno.readDirSync(root)].map(({ name }) => name), ["folder"]);
  await Deno.remove(root, { recursive: true });
});

inside("the network namespace is this thread's, and told from others", async (host) => {
  const here = networkNamespace();
  assert.match(here, /^\d+$/);
  const [other] = await Namespace.create(["other"]);
  await using _other = other;
  {
    using _entered = enter(`/run/netns/${other.name}`);
    assert.notEqual(networkNamespace(), here);
  }
  using _back = enter(`/run/netns/${host.name}`);
  assert.equal(networkNamespace(), here);
});
