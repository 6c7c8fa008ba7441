/** What can be completed: read off the table of options and that of words, and nowhere written down again. */

import { FLAGS, ROLES } from "../flags.ts";
import { METRICS } from "../model/metrics.ts";
import { WORDS } from "../words.ts";

/** What the value of an option is; nothing where it cannot be told, such as a number. */
export type Value =
  | { readonly kind: "words"; readonly words: readonly string[] }
  /** A beginning, with `=`, and then any value. */
  | { readonly kind: "names"; readonly names: readonly string[] }
  | { readonly kind: "interface" }
  /** An interface, `=`, and one of the roles. */
  | { readonly kind: "role"; readonly roles: readonly string[] }
  | { readonly kind: "folder" }
  | { readonly kind: "file" }
  | { readonly kind: "anything" };

export interface Option {
  /** With its dashes. */
  readonly name: string;
  readonly brief: string;
  /** Absent for an option without a value. */
  readonly value?: Value;
  readonly repeats: boolean;
}

export interface Grammar {
  readonly options: readonly Option[];
  readonly words: readonly { name: string; brief: string; values: readonly string[] }[];
}

/** What stands in the table of options, as far as it matters here. */
interface Flag {
  readonly kind: string;
  readonly brief: string;
  readonly placeholder?: string;
  readonly values?: readonly string[];
  readonly variadic?: boolean;
}

/** What a placeholder stands for. */
const VALUES: Readonly<Record<string, Value>> = {
  GLOB: { kind: "interface" },
  "GLOB=ROLE": { kind: "role", roles: ROLES },
  "NAME=VALUE": { kind: "names", names: METRICS },
  DIR: { kind: "folder" },
  PATH: { kind: "file" },
};

/** Those that every command has. */
const EVERYWHERE: readonly Option[] = [
  { name: "--help", brief: "Print help", repeats: false },
  { name: "--version", brief: "Print the version", repeats: false },
];

export function grammar(flags: Readonly<Record<string, Flag>> = FLAGS): Grammar {
  const options = Object.entries(flags).map(([name, flag]): Option => ({
    name: `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    brief: flag.brief,
    value: valueOf(flag),
    repeats: flag.variadic ?? false,
  }));
  const words = Object.entries(WORDS).map(([name, { brief, values }]) => ({ name, brief, values }));
  return { options: [...options, ...EVERYWHERE], words };
}

function valueOf({ kind, placeholder = "", values }: Flag): Value | undefined {
  if (kind === "boolean") return undefined;
  return values ? { kind: "words", words: values } : VALUES[placeholder] ?? { kind: "anything" };
}

/** A text as one word of a shell's. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
