// Several files at once: what fails is put back, each for itself, and no link is followed.

import assert from "node:assert/strict";
import { FileChanges } from "../../src/unit/files.ts";

/** Does something while one of Deno's functions also does something of the test's, before or after its own work. */
async function amid<T>(
  name: "remove" | "rename",
  hooks: { before?: (path: string) => void; after?: (path: string) => void },
  body: () => Promise<T>,
): Promise<T> {
  const real = Deno[name] as (path: string, ...rest: string[]) => Promise<void>;
  const instead = async (path: string, ...rest: string[]) => {
    hooks.before?.(path);
    try {
      await real(path, ...rest);
    } finally {
      hooks.after?.(path);
    }
  };
  Object.assign(Deno, { [name]: instead });
  try {
    return await body();
  } finally {
    Object.assign(Deno, { [name]: real });
  }
}

function read(folder: string): Record<string, string> {
  const names = [...Deno.readDirSync(folder)].filter(({ isFile }) => isFile).map(({ name }) => name).sort();
  return Object.fromEntries(names.map((name) => [name, Deno.readTextFileSync(`${folder}/${name}`)]));
}

async function folderWith(files: Record<string, string>): Promise<string> {
  const folder = await Deno.makeTempDir();
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${folder}/${name}`, text);
  return folder;
}

Deno.test("a link that somebody puts in the way is not followed", async () => {
  const folder = await folderWith({ victim: "theirs", program: "ours" });
  const changes = new FileChanges();
  const after = (path: string) => {
    if (path.endsWith(".new")) Deno.symlinkSync(`${folder}/victim`, path);
  };
  await amid("remove", { after }, async () => {
    for (const from of [{ file: `${folder}/program` }, { text: "ours" }]) {
      await assert.rejects(
        changes.write(`${folder}/file`, from, 0o755),
        /file cannot be written: File exists/,
      );
    }
  });
  assert.equal(await Deno.readTextFile(`${folder}/victim`), "theirs");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("one file that cannot be put back does not keep the others from it", async () => {
  const folder = await folderWith({ a: "old a", b: "old b", c: "old c" });
  const changes = new FileChanges();
  for (const name of ["a", "b", "d"]) {
    await changes.write(`${folder}/${name}`, { text: `new ${name}` }, 0o644);
  }
  await changes.remove(`${folder}/c`);
  await changes.commit();
  const { a, b, c, d } = read(folder);
  assert.deepEqual([a, b, c, d], ["new a", "new b", undefined, "new d"]);
  const before = (path: string) => {
    if (path.endsWith("/.b.old")) throw new Deno.errors.NotCapable("Read-only file system (os error 30)");
  };
  const failed = await amid("rename", { before }, () => changes.undo());
  assert.deepEqual(failed, [`${folder}/b cannot be put back: Read-only file system`]);
  // The only copy of what was there before is kept.
  assert.deepEqual(read(folder), { ".b.old": "old b", a: "old a", b: "new b", c: "old c" });
  assert.deepEqual(await changes.undo(), []);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a folder that others have put something into meanwhile stays", async () => {
  const folder = await folderWith({});
  const changes = new FileChanges();
  await changes.folder(`${folder}/made/inner`);
  await changes.folder(`${folder}/other`);
  await changes.write(`${folder}/made/inner/file`, { text: "ours" }, 0o644);
  await changes.commit();
  await Deno.writeTextFile(`${folder}/made/theirs`, "");
  assert.deepEqual(await changes.undo(), []);
  assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["made"]);
  assert.deepEqual(read(`${folder}/made`), { theirs: "" });
  await Deno.remove(folder, { recursive: true });
});
