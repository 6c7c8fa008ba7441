/** Licence texts of many crates, each text once: under it stands who uses it, with the copyright notices that differ. */

import { Unmakeable } from "./tools.ts";

/** A crate that is linked into the runtime. */
export interface Crate {
  readonly name: string;
  readonly version: string;
  /** An SPDX licence expression. */
  readonly license: string;
  /** Of the file that crates.io has. */
  readonly sha256: string;
  /** `NAME@VERSION` of other crates in the list. */
  readonly needs: readonly string[];
}

/** What a crate's own files say. */
export interface Texts {
  /** Those to be passed on, without their copyright notices. */
  readonly texts: readonly string[];
  readonly notices: readonly string[];
  /** The licence that its manifest names, where it has no text of that. */
  readonly lacking?: string;
}

/** Words by which licences are told from each other. */
const SIGNS: Record<string, RegExp> = {
  "Apache-2.0": /Apache License\s+Version 2\.0/i,
  "Apache-2.0 WITH LLVM-exception": /LLVM Exceptions to the Apache/i,
  MIT:
    /Permission is hereby granted, free of charge, to any\s+person obtaining a copy[\s\S]*MERCHANTABILITY/i,
  Unlicense: /This is free and unencumbered software/i,
  "BSD-3-Clause": /Neither the name/i,
  "MPL-2.0": /Mozilla Public License Version 2\.0/i,
  "CC0-1.0": /CC0 1\.0 Universal/i,
};

/** Those whose manifest names a file with the licence, by what that file is. */
const BY_FILE: Record<string, string> = { "saffron@0.1.0": "BSD-3-Clause" };

/** The licence that is taken where it may be chosen. */
const CHOICE = "MIT";

const FILE = /licen[sc]e|copying|copyright|notice|patents/i;
const NO_TEXT = /\.(rs|py|toml|json|go|c|cc|h|js|yml|yaml|tmpl|hbs|txt\.in)$|^\.|checker|deny/i;

/** A line that says whose it is; not one of a licence's own sentences, nor a form that nobody has filled in. */
const NOTICE =
  /^\W*(?:Portions )?(?:Copyright\b(?! (?:License|remains|[Hh]olders? (?!:)|notice))|copyright \([cC]\)|\([cC]\) \d{4}|© )(?!.*(?:\[|\{|<)(?:yyyy|year))/;

/** The expression as SPDX writes it; older crates write a slash where it says OR. */
export function spdx(license: string | null, name: string): string {
  const known = license ?? BY_FILE[name];
  if (known === undefined) throw new Unmakeable(`${name} names no licence: its file has to be looked at`);
  return known.replaceAll(/\s*\/\s*/g, " OR ").replace("MPL-2.0+", "MPL-2.0");
}

/** What is to be passed on of a crate, from its source. */
export async function licencesOf(
  { license }: Crate,
  { authors, folder }: { authors: readonly string[]; folder: string },
): Promise<Texts> {
  const files = [...await filesIn(folder)].sort();
  const all = await Promise.all(files.map(async (path) => ({
    own: !path.includes("/"),
    text: (await Deno.readTextFile(`${folder}/${path}`)).replaceAll("\r", ""),
  })));
  const choice = !license.includes("AND") && license.split(" OR ").includes(CHOICE) ? CHOICE : undefined;
  const isOther = (text: string) =>
    choice && !SIGNS[choice].test(text) && Object.values(SIGNS).some((sign) => sign.test(text));
  const chosen = all.filter(({ own, text }) => !own || !isOther(text)).map(({ text }) => text);
  const texts = chosen.map(withoutNotices).filter((text) => /\w/.test(text));
  const notices = [...new Set(chosen.flatMap(noticesIn))];
  const named = choice ? SIGNS[choice] : undefined;
  if (texts.length === 0 || named && !texts.some((text) => named.test(text))) {
    return { texts, lacking: choice ?? license, notices: notices.length ? notices : authorsOf(authors) };
  }
  return { texts, notices };
}

function authorsOf(authors: readonly string[]): string[] {
  const names = authors.map((one) => one.replace(/\s*<.*>/, ""));
  return names.length ? [`Copyright ${names.join(", ")}`] : [];
}

async function* walk(folder: string, within = ""): AsyncIterable<string> {
  for await (const { name, isDirectory } of Deno.readDir(`${folder}/${within}`)) {
    if (isDirectory) yield* walk(folder, `${within}${name}/`);
    else if (FILE.test(name) && !NO_TEXT.test(name)) yield within + name;
  }
}

async function filesIn(folder: string): Promise<string[]> {
  return await Array.fromAsync(walk(folder));
}

function noticesIn(text: string): string[] {
  return text.split("\n").filter((line) => NOTICE.test(line)).map((line) => line.trim().replace(/\s+/g, " "));
}

/** Without notices, titles and Apache's appendix, which tells how to use the licence. */
function withoutNotices(text: string): string {
  return text.split("\n").filter((line) => !NOTICE.test(line)).join("\n")
    .replace(/^\s*(?:the )?mit license(?: \(mit\))?\s*$/im, "")
    .replace(/^\s*All rights reserved\.?\s*$/im, "")
    .replace(/\s*APPENDIX: How to apply[\s\S]*?(?:limitations under the License\.|$)/, "\n")
    .replaceAll(/[ \t]+$/gm, "").replaceAll(/\n{3,}/g, "\n\n").replace(/^\n+|\s+$/g, "");
}

/** The same words are the same text. */
function keyOf(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]+/g, " ").trim();
}

/** All of it: the list, and each text under the names of those who use it. */
export function written(
  crates: readonly Crate[],
  { texts, runtime }: { texts: ReadonlyMap<string, Texts>; runtime: string },
): string {
  const groups = new Map<string, Group>();
  const use = (text: string, user: Group["users"][number]) => {
    const group = groups.get(keyOf(text)) ?? { text, users: [] };
    groups.set(keyOf(text), group);
    if (group.users.at(-1)?.name !== user.name) group.users.push(user);
  };
  for (const [name, own] of texts) for (const text of own.texts) use(text, { name, notices: own.notices });
  const byUse = () =>
    [...groups.values()].sort((a, b) => b.users.length - a.users.length || compare(a.text, b.text));
  const common = byUse();
  for (const [name, { lacking, notices }] of texts) {
    if (lacking === undefined) continue;
    const group = common.find(({ text }) => SIGNS[lacking].test(text));
    if (!group) throw new Unmakeable(`${name}: no text of ${lacking} is among the others`);
    use(group.text, { name, notices });
  }
  const list = crates.map(({ name, version, license }) => `${name} ${version}  ${license}`).join("\n");
  const rule = "-".repeat(78);
  const blocks = byUse().map(({ text, users }) => {
    const lines = users.sort((a, b) => compare(a.name, b.name)).flatMap((
      { name, notices },
    ) => [name, ...notices.map((one) => `    ${one}`)]);
    return `${rule}\n${lines.join("\n")}\n${rule}\n\n${text}\n`;
  });
  return `${introduction(runtime)}\n${list}\n\n${blocks.join("\n")}`;
}

interface Group {
  readonly text: string;
  readonly users: { readonly name: string; readonly notices: readonly string[] }[];
}

function introduction(runtime: string): string {
  return `These crates are linked into the runtime of Deno ${runtime}, with the Rust standard library (MIT OR Apache-2.0,
Copyright The Rust Project Developers); other versions of Deno have them in other versions. Their source is at
https://crates.io/crates/NAME/VERSION. Where MIT may be chosen, it is. Below the list stands each licence once, under
those who use it and their copyright notices, or the authors of those that have no text of their own.
`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
