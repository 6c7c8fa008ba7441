/** The licences of this program and of all that its executable holds: texts that lie in dist/licenses, and are embedded. */

/** What is embedded, by the file with its licence, and what else has to be said of it. */
const PARTS: Record<string, string> = {
  symrouted: "symrouted (MIT)",
  libnl:
    "libnl 3.7.0: libnl-3 and libnl-route-3 (LGPL-2.1-only), Copyright (c) 2003-2022 Thomas Graf and others.\n" +
    "Built from its unchanged source by `deno task compile`. A libnl of the system's, 3.5 or newer, is used in its place.",
  stricli: "@stricli/core 1.3.0 (Apache-2.0), Copyright Bloomberg Finance L.P.",
  deno:
    "The Deno runtime (MIT), with parts of Node.js (MIT, Copyright Joyent, Inc. and other Node contributors).\n" +
    "`--version` says which version of Deno it is.",
  v8:
    "V8 (BSD-3-Clause), in the Deno runtime, and what is in it, such as ICU (Unicode-3.0) and the GNU C library's sine and\n" +
    "cosine (LGPL-2.1-or-later). Its source is in the crate v8 of crates.io.",
  crates: "Rust crates in the Deno runtime (MIT, Apache-2.0 and others; each is named with its own).",
};

/** What there is, each with its licence by name. */
export function partsText(): string {
  return Object.values(PARTS).join("\n\n");
}

/** All of it, as one text. */
export function licensesText(): string {
  const line = "=".repeat(78);
  return Object.entries(PARTS).map(([name, words]) => `${line}\n${words}\n${line}\n\n${textOf(name)}`).join(
    "\n",
  );
}

function textOf(name: string): string {
  return Deno.readTextFileSync(new URL(`../dist/licenses/${name}`, import.meta.url));
}
