// Measured figures, each told by its median and spread, and as a ratio to a yardstick.

export class Figures {
  readonly #values = new Map<string, number[]>();

  add(name: string, value: number): void {
    const values = this.#values.get(name);
    if (values) values.push(value);
    else this.#values.set(name, [value]);
  }

  /** Prints what has been added since the last call, each beside the figure that is named as the yardstick. */
  print(unit: string, yardstick?: string): void {
    const base = yardstick ? median(this.#values.get(yardstick)!) : undefined;
    for (const [name, values] of this.#values) {
      const middle = median(values);
      const spread = values.length > 1
        ? ` (${round(Math.min(...values))} to ${round(Math.max(...values))})`
        : "";
      const ratio = base && name !== yardstick ? `  ${(middle / base).toFixed(2)} of ${yardstick}` : "";
      console.log(`${name.padEnd(40)} ${`${round(middle)} ${unit}`.padStart(10)}${spread}${ratio}`);
    }
    this.#values.clear();
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

function round(value: number): string {
  return value.toFixed(value < 100 ? 1 : 0);
}
