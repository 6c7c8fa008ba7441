// The words of a line that `ip` prints.

export class Words {
  readonly #words: string[];

  constructor(readonly text: string) {
    this.#words = text.trim().split(/\s+/);
  }

  peek(): string | undefined {
    return this.#words[0];
  }

  next(): string {
    const word = this.#words.shift();
    if (word === undefined) throw new SyntaxError(`'${this.text}' ends too early`);
    return word;
  }
}

/** The lines of a text without their indentation; those that are empty are left out. */
export function lines(text: string): string[] {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}

/** A number, or a name that stands for one. */
export function numbered(word: string, names: Readonly<Record<string, number>>): number {
  const number = names[word] ?? Number(word);
  if (Number.isNaN(number)) throw new SyntaxError(`${word} is none of ${Object.keys(names).join(", ")}`);
  return number;
}
