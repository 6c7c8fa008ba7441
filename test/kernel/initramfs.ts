// What the other kernel starts from: a busybox, and the modules by which the outer machine's files are reached.

import { must } from "../lab/process.ts";
import { folderOf } from "../setup.ts";
import type { Kernel } from "./package.ts";

/** What the first process needs before it can see other files. */
const first = ["virtio_pci", "9pnet_virtio", "9p", "overlay", "virtio_console"];

const folders = ["bin", "dev", "layer", "modules", "outer", "root"];

const init = new URL("./init.sh", import.meta.url).pathname;

/** Makes it in the folder `work`; gives its path. The first process obeys `settings`, a piece of shell. */
export async function initramfs(kernel: Kernel, work: string, settings: string): Promise<string> {
  const root = `${work}/root`;
  for (const folder of folders) await Deno.mkdir(`${root}/${folder}`, { recursive: true });
  await Deno.copyFile(init, `${root}/init`);
  await Deno.chmod(`${root}/init`, 0o755);
  await Deno.writeTextFile(`${root}/settings`, settings);
  const busybox = `${folderOf("busybox")}/busybox`;
  await Deno.copyFile(busybox, `${root}/bin/busybox`);
  for (const library of await librariesOf(busybox)) {
    await Deno.mkdir(`${root}${library.slice(0, library.lastIndexOf("/"))}`, { recursive: true });
    await Deno.copyFile(library, `${root}${library}`);
  }
  for (const [position, path] of (await withDependencies(kernel, first)).entries()) {
    // They are loaded in the order of their names.
    const name = `${String(position).padStart(2, "0")}-${path.slice(path.lastIndexOf("/") + 1)}`;
    await Deno.copyFile(`${kernel.modules}/${path}`, `${root}/modules/${name}`);
  }
  const archive = `${work}/initramfs`;
  const pack = 'cd "$1" && find . | busybox cpio -o -H newc >"$2"';
  await must(["sh", "-ec", pack, "sh", root, archive]);
  return archive;
}

/** The files of the libraries that a program is linked with; none where it stands by itself. */
async function librariesOf(program: string): Promise<string[]> {
  const text = await must(["sh", "-c", 'ldd "$1" || :', "sh", program]);
  return [...text.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path);
}

/** The files of these modules and of all that they need, each after those that it needs. */
async function withDependencies(kernel: Kernel, names: string[]): Promise<string[]> {
  const text = await Deno.readTextFile(`${kernel.modules}/modules.dep`);
  const known = new Map(
    text.trim().split("\n").map((line) => {
      const [path, needed] = line.split(":");
      return [path, needed.split(" ").filter((each) => each !== "")];
    }),
  );
  const found = new Set<string>();
  const visit = (path: string) => {
    for (const each of known.get(path) ?? []) visit(each);
    found.add(path);
  };
  for (const name of names) {
    const path = [...known.keys()].find((each) => /([^/]+)\.ko(\.\w+)?$/.exec(each)?.[1] === name);
    // What is not a module is in the kernel itself.
    if (path !== undefined) visit(path);
  }
  return [...found];
}
