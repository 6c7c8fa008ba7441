/** From the words of a message to a number, without an object per look-up. */

const FIRST_CAPACITY = 256;

/** A hash table whose keys are runs of 32-bit words. */
export class RawCache {
  /** Each entry in the arena: hash, size, number, words. */
  #arena = new Uint32Array(FIRST_CAPACITY * 8);
  #used = 1;
  /** Where an entry starts in the arena; 0 for a free place. */
  #places = new Uint32Array(FIRST_CAPACITY);
  #count = 0;

  get(words: Uint32Array, size: number): number | undefined {
    const hash = hashOf(words, size);
    const mask = this.#places.length - 1;
    for (let place = hash & mask; this.#places[place] !== 0; place = (place + 1) & mask) {
      const entry = this.#places[place];
      if (this.#is(entry, hash, words, size)) return this.#arena[entry + 2];
    }
    return undefined;
  }

  /** Adds what `get` does not know. */
  set(words: Uint32Array, size: number, value: number): void {
    if (2 * ++this.#count > this.#places.length) this.#grow();
    if (this.#used + size + 3 > this.#arena.length) {
      const larger = new Uint32Array(2 * this.#arena.length + size);
      larger.set(this.#arena);
      this.#arena = larger;
    }
    const entry = this.#used;
    this.#arena.set([hashOf(words, size), size, value], entry);
    this.#arena.set(words.subarray(0, size), entry + 3);
    this.#used += size + 3;
    this.#place(entry);
  }

  #is(entry: number, hash: number, words: Uint32Array, size: number): boolean {
    if (this.#arena[entry] !== hash || this.#arena[entry + 1] !== size) return false;
    for (let i = 0; i < size; i++) if (this.#arena[entry + 3 + i] !== words[i]) return false;
    return true;
  }

  #grow(): void {
    const old = this.#places;
    this.#places = new Uint32Array(2 * old.length);
    for (const entry of old) if (entry !== 0) this.#place(entry);
  }

  #place(entry: number): void {
    const mask = this.#places.length - 1;
    let place = this.#arena[entry] & mask;
    while (this.#places[place] !== 0) place = (place + 1) & mask;
    this.#places[place] = entry;
  }
}

function hashOf(words: Uint32Array, size: number): number {
  let hash = size;
  for (let i = 0; i < size; i++) {
    hash = Math.imul(hash ^ words[i], 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}
