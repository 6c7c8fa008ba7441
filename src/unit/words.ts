/**
 * Words as systemd reads them: an environment file's assignments (systemd.exec(5), EnvironmentFile=), and the splitting of
 * `$VARIABLE` on a command line (systemd.service(5), COMMAND LINES). What is left out here, systemd is lenient about too.
 */

const BLANKS = " \t\n\r";

/** The words as one value that `$VARIABLE` splits into them again. */
export function joinWords(words: readonly string[]): string {
  return words.map((word) => /^[^\s'"\\]+$/.test(word) ? word : `'${word.replaceAll(/['\\]/g, "\\$&")}'`)
    .join(" ");
}

/** The words of a value; a quote that is not closed ends with the value. */
export function splitWords(value: string): string[] {
  const words: string[] = [];
  let word: string | undefined, quote = "", isEscaped = false;
  for (const char of value) {
    if (isEscaped) {
      word = (word ?? "") + char;
      isEscaped = false;
    } else if (char === "\\") {
      isEscaped = true;
    } else if (quote) {
      if (char === quote) quote = "";
      else word += char;
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= "";
    } else if (BLANKS.includes(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + char;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** An assignment that gives the variable this value in every version of systemd. */
export function assignment(name: string, value: string): string {
  return `${name}="${value.replaceAll(/["\\$`]/g, "\\$&")}"\n`;
}

/** What systemd takes in no variable, as text for an error; undefined where it takes the value. */
export function valueError(value: string): string | undefined {
  // deno-lint-ignore no-control-regex
  const found = /[\x00-\x08\x0b-\x1f\x7f]/.exec(value)?.[0];
  return found === undefined
    ? undefined
    : `it has the control character 0x${found.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

type State = "key" | "value" | "bare" | "single" | "double" | "comment";

/** An environment file's variables; of several assignments to one the last one counts. */
export function assignments(text: string): Map<string, string> {
  const found = new Map<string, string>();
  let state: State = "key", key = "", value = "", kept = 0, isEscaped = false;
  const end = () => {
    if (state === "bare") value = value.slice(0, Math.max(kept, withoutBlanks(value).length));
    if (state !== "key" && state !== "comment") found.set(withoutBlanks(key), value);
    [state, key, value, kept] = ["key", "", "", 0];
  };
  for (const char of text) {
    const isEnd = char === "\n" || char === "\r";
    if (isEscaped) {
      isEscaped = false;
      if (state === "double" && !'"\\`$\n'.includes(char)) value += "\\";
      // A line that is continued has no end here.
      if (state !== "comment" && !(state === "double" ? char === "\n" : isEnd)) value += char;
      kept = value.length;
    } else if (char === "\\" && state !== "single" && state !== "key") {
      isEscaped = true;
      if (state === "value") state = "bare";
    } else if (state === "single" || state === "double") {
      if (char === (state === "single" ? "'" : '"')) [state, kept] = ["value", value.length];
      else value += char;
    } else if (isEnd) {
      end();
    } else if (state === "key") {
      if (char === "=" && key) state = "value";
      else if (!key && "#;".includes(char)) state = "comment";
      else if (key || !BLANKS.includes(char)) key += char;
    } else if (state === "value" && (char === "'" || char === '"')) {
      state = char === "'" ? "single" : "double";
    } else if (state === "bare" || (state === "value" && !BLANKS.includes(char))) {
      state = "bare";
      value += char;
    }
  }
  end();
  return found;
}

/** The text without the blanks at its end. */
function withoutBlanks(text: string): string {
  return text.replace(/[ \t\n\r]+$/, "");
}
