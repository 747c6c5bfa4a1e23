import { KNOWN_VALUES_LIMITS, KnownValues, MIN_KNOWN_VALUE } from '../text/known-values.ts';
import { isPlaceholder } from '../text/placeholder.ts';
import type { Cause } from './cause.ts';

/**
 * The values that were masked in the bodies of one call, request and answer: a message, a Table or an event may show
 * them once more. Bounded.
 */
export class CallValues {
  #secrets: KnownValues | undefined;
  #all: KnownValues | undefined;
  /** Not in #all yet: to be able to find a value costs more than to mask it, and most calls never search. */
  readonly #waiting = new Set<string>();
  #waitingSize = 0;
  #isFull = false;

  /** Of Secrets and tokens: searched in every text. Undefined where there are none. */
  get secrets(): KnownValues | undefined {
    return this.#secrets;
  }

  /**
   * These, and those of fields that rules name. Many of the latter are common words (`production`), so that they are
   * searched only in what shows fields in another form: messages and Tables.
   */
  get all(): KnownValues | undefined {
    if (this.#waiting.size > 0) this.#all ??= new KnownValues();
    for (const value of this.#waiting) this.#all?.add(value);
    this.#waiting.clear();
    this.#waitingSize = 0;
    return this.#all;
  }

  /** Whether a value had to be left out. */
  get isFull(): boolean {
    return this.#isFull || this.#all?.isFull === true;
  }

  add(value: string, cause: Cause): void {
    if (value.length < MIN_KNOWN_VALUE || isPlaceholder(value)) return;
    if (cause.alwaysOn) {
      this.#secrets ??= new KnownValues();
      this.#secrets.add(value);
    }
    if (this.#waiting.has(value)) return;
    const size = this.#waitingSize + value.length;
    if (this.#waiting.size >= KNOWN_VALUES_LIMITS.values || size > KNOWN_VALUES_LIMITS.size) this.#isFull = true;
    else {
      this.#waiting.add(value);
      this.#waitingSize = size;
    }
  }
}
