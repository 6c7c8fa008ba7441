/** Interface names by shell patterns: `*`, `?`, `[a-z]`, `[!x]` or `[^x]` (glob(7)). */

/** The pattern as a regular expression. */
function compile(glob: string): RegExp {
  const source = glob.replaceAll(/\[([!^]?)([^\]]+)\]|[*?]|[^\w]/g, (part, not, set) => {
    if (part === "*") return ".*";
    if (part === "?") return ".";
    if (set !== undefined) return `[${not ? "^" : ""}${set.replaceAll(/[\\\]^]/g, "\\$&")}]`;
    // Only what has a meaning in a pattern may be escaped there: `\-` is an error.
    return /[\^$\\.+()[\]{}|]/.test(part) ? `\\${part}` : part;
  });
  return new RegExp(`^${source}$`, "su");
}

const compiled = new Map<string, RegExp>();

export function matchesGlob(name: string, glob: string): boolean {
  let pattern = compiled.get(glob);
  if (!pattern) compiled.set(glob, pattern = compile(glob));
  return pattern.test(name);
}

/** What is wrong with a pattern, or undefined. */
export function globError(glob: string): string | undefined {
  if (glob === "") return "an interface pattern cannot be empty";
  try {
    compile(glob);
    return undefined;
  } catch {
    return `${glob} is no pattern of interface names`;
  }
}
