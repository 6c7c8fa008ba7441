/** Shared libraries, opened on first use and never at import, so that `--help` works without them. */

import { quietly } from "./quiet.ts";

/** What is used of a library, by the name that the dynamic linker knows it by. */
export interface LibraryTable {
  readonly soname: string;
  readonly symbols: Deno.ForeignLibraryInterface;
}

/** A library that is not on this host, with the packages that have it. */
export class MissingLibrary extends Error {
  override readonly name = "MissingLibrary";

  constructor(soname: string, packages: string, cause: unknown) {
    super(`${soname} cannot be opened: ${reason(cause)} (install ${packages})`, { cause });
  }
}

/** The part of the loader's message that is no repetition of the library's name. */
function reason(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.replaceAll(/\s+/g, " ").replace(/^(Could not open library: )+/, "").slice(0, 200);
}

/** What opens `soname` on its first call and gives the same symbols on every later one. */
export function library<S extends Deno.ForeignLibraryInterface>(
  soname: string,
  { symbols, packages }: { symbols: S; packages: string },
): () => Deno.StaticForeignLibraryInterface<S> {
  let opened: Deno.StaticForeignLibraryInterface<S> | undefined;
  return () => {
    if (opened) return opened;
    try {
      opened = quietly(() => Deno.dlopen(soname, symbols)).symbols;
    } catch (cause) {
      throw new MissingLibrary(soname, packages, cause);
    }
    return opened;
  };
}
