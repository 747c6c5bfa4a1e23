/**
 * Keeps what was used last, up to a number of entries. Keys come from callers, so long ones are not kept at all: the
 * cache would else hold as many megabytes as somebody cares to send.
 */
export class BoundedCache<Value> {
  readonly #entries = new Map<string, Value>();
  readonly #maxEntries: number;
  readonly #maxKeyLength: number;

  constructor({ maxEntries, maxKeyLength }: { readonly maxEntries: number; readonly maxKeyLength: number }) {
    this.#maxEntries = maxEntries;
    this.#maxKeyLength = maxKeyLength;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value of a key, made where it is not kept. */
  get(key: string, make: () => Value): Value {
    const kept = this.#entries.get(key);
    if (kept !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, kept);
      return kept;
    }
    const value = make();
    if (key.length <= this.#maxKeyLength) this.#keep(key, value);
    return value;
  }

  #keep(key: string, value: Value): void {
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#maxEntries) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}
