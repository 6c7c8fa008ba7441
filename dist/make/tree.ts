/** What a package puts where on a host: the same for every format, but for the few places that distributions disagree on. */

import { completions } from "../../src/completions/command.ts";
import { folderOf } from "../../src/unit/files.ts";
import { optionsText } from "../../src/unit/options_file.ts";
import { UNIT, unitText } from "../../src/unit/text.ts";
import type { Shell } from "../../src/words.ts";
import { root, run } from "./tools.ts";

/** Where the executable of a package is. */
export const PROGRAM = "/usr/bin/symrouted";

/** One file of a package; its contents are a text, or another file's. */
export interface Entry {
  readonly path: string;
  readonly from: { readonly text: string } | { readonly file: string };
  readonly mode?: number;
  /** Whether it is kept compressed, under its name and `.gz`. */
  readonly isCompressed?: boolean;
}

/** The files that packages of every format have, for this executable; zsh's completions are in another folder each. */
export async function commonFiles(executable: string, { zsh }: { zsh: string }): Promise<Entry[]> {
  const scripts: Record<Shell, string> = {
    bash: "/usr/share/bash-completion/completions/symrouted",
    zsh: `${zsh}/_symrouted`,
    fish: "/usr/share/fish/vendor_completions.d/symrouted.fish",
  };
  return [
    { path: PROGRAM, from: { file: executable }, mode: 0o755 },
    { path: `/usr/lib/systemd/system/${UNIT}`, from: { text: unitText(PROGRAM, { manual: true }) } },
    // What a first installation begins with. A file of the package it is not: it may have come with --install-unit before.
    { path: "/usr/share/symrouted/options", from: { text: await optionsText([]) } },
    {
      path: "/usr/share/man/man8/symrouted.8",
      from: { file: `${root}dist/symrouted.8` },
      isCompressed: true,
    },
    { path: "/usr/share/doc/symrouted/README.md", from: { file: `${root}README.md` } },
    ...Object.entries(scripts).map(([shell, path]) => ({
      path,
      from: { text: completions(shell as Shell) },
    })),
  ];
}

/** What packages of a format run on a host when they come and go. */
export function scripts(format: "deb" | "rpm", names: readonly string[]): Entry[] {
  const read = (name: string) => Deno.readTextFileSync(`${root}dist/package/${name}`);
  return names.map((name) => ({
    path: `/${name}`,
    from: { text: read("service.sh") + read(`${format}/${name}`) },
    mode: 0o755,
  }));
}

/** Lays the files out beneath a folder as they are to be on a host: neither the umask nor the clock has a say. */
export async function layOut(entries: readonly Entry[], folder: string, date: Date): Promise<void> {
  for (const { path, from, mode = 0o644, isCompressed } of entries) {
    const to = `${folder}${path}`;
    await Deno.mkdir(folderOf(to), { recursive: true });
    if ("file" in from) await Deno.copyFile(from.file, to);
    else await Deno.writeTextFile(to, from.text);
    await Deno.chmod(to, mode);
    if (isCompressed) await run(["gzip", "-9", "--no-name", to]);
  }
  for (const path of filesIn(folder)) await Deno.utime(`${folder}/${path}`, date, date);
  for (const path of foldersIn(folder)) {
    await Deno.chmod(path, 0o755);
    await Deno.utime(path, date, date);
  }
}

/** The paths of all files beneath a folder, seen from it, sorted. */
export function filesIn(folder: string, within = ""): string[] {
  return entriesOf(`${folder}/${within}`).flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(folder, `${within}${name}/`) : [`${within}${name}`]
  );
}

/** All folders beneath a folder, and it itself last. */
function foldersIn(folder: string): string[] {
  const inner = entriesOf(folder).filter(({ isDirectory }) => isDirectory);
  return [...inner.flatMap(({ name }) => foldersIn(`${folder}/${name}`)), folder];
}

function entriesOf(folder: string): Deno.DirEntry[] {
  return [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1);
}
