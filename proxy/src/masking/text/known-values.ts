import { endsToken, startsToken } from './detectors/boundaries.ts';
import type { Span } from './detectors/detector.ts';
import { encodedForms } from './encoded-forms.ts';

export interface KnownValuesLimits {
  /** Values, each with its encoded forms. */
  readonly values: number;
  /** UTF-16 units of all forms together. */
  readonly size: number;
}

export const KNOWN_VALUES_LIMITS: KnownValuesLimits = { values: 4_096, size: 4 * 1024 * 1024 };

/** Shorter ones would be found everywhere by chance. */
export const MIN_KNOWN_VALUE = 6;

/** So much of a value counts as the value: messages cut what they quote. */
export const PREFIX = 32;

/** Up to this length a value is only found where it stands by itself: `backend` is not found in `backends`. */
const STANDS_ALONE = 11;

/** Common as user names, switches and words of configuration: to hide them hides nothing and makes records unreadable. */
const COMMON = new Set([
  'admin1',
  'administrator',
  'default',
  'disable',
  'disabled',
  'enable',
  'enabled',
  'example',
  'localhost',
  'master',
  'mongodb',
  'mysql5',
  'nobody',
  'opaque',
  'password',
  'postgres',
  'postgresql',
  'private',
  'production',
  'public',
  'require',
  'secret',
  'server',
  'service',
  'staging',
  'string',
  'system',
  'tester',
  'testing',
  'tls.crt',
  'tls.key',
  'ca.crt',
  'username',
  '000000',
  '123456',
  'kubernetes',
  'cluster.local',
  'cluster',
  'development',
  'verify',
  'verify-full',
  'prefer',
  'rabbitmq',
  'elastic',
  'grafana',
  'prometheus',
  '0.0.0.0',
  '127.0.0.1',
  'http://',
  'https://',
]);

/**
 * Values of Secrets that were seen in a call, to be found again wherever else the call carries them: as they are, in
 * base64, hex, percent-encoding, and with the escapes of JSON and Go. Bounded; one that is full says so, and the caller
 * must then treat the texts that follow as it treats what it cannot decode.
 *
 * All forms are searched for at once. A place of the text costs one look at a table and, where that says that a form may
 * begin, at most one look-up for each length below 32. Of longer forms the first 32 characters are looked up, and where
 * they are found as much more is taken as any form shares with the text: the time is linear in the text whatever is in it.
 */
export class KnownValues {
  readonly #limits: KnownValuesLimits;
  readonly #seen = new Set<string>();
  /** By the first characters of forms, a bit for each length that they have, 32 for all from there on. */
  readonly #lengths = new Map<string, number[]>();
  /** Forms that are shorter than the prefix; true: found only where they stand alone. */
  readonly #short = new Map<string, boolean>();
  /** Longer ones by their prefix, sorted. */
  readonly #long = new Map<string, string[]>();
  /** Whether a form begins with characters of this hash. */
  readonly #begins = new Uint8Array(1 << 14);
  #size = 0;
  #isFull = false;

  constructor(limits: KnownValuesLimits = KNOWN_VALUES_LIMITS) {
    this.#limits = limits;
  }

  /** Whether a value had to be left out. What was seen before is still found. */
  get isFull(): boolean {
    return this.#isFull;
  }

  get isEmpty(): boolean {
    return this.#lengths.size === 0;
  }

  /** Remembers a value; bytes that are not UTF-8 are only looked for in their encoded forms. */
  add(value: string | Uint8Array): void {
    const key = typeof value === 'string' ? value : Buffer.from(value).toString('latin1');
    if (key.length < MIN_KNOWN_VALUE || this.#seen.has(key)) return;
    if (typeof value === 'string' && !isTelling(value)) return;
    const forms = encodedForms(value);
    const size = forms.reduce((sum, form) => sum + form.length, 0);
    if (this.#seen.size >= this.#limits.values || this.#size + size > this.#limits.size) {
      this.#isFull = true;
      return;
    }
    this.#seen.add(key);
    this.#size += size;
    for (const form of forms) this.#addForm(form);
  }

  #addForm(form: string): void {
    if (form.length < MIN_KNOWN_VALUE) return;
    const lengths = this.#lengths.get(form.slice(0, MIN_KNOWN_VALUE)) ?? [];
    const length = Math.min(form.length, PREFIX);
    if (!lengths.includes(length)) lengths.push(length);
    // The longest is tried first.
    lengths.sort((a, b) => b - a);
    this.#lengths.set(form.slice(0, MIN_KNOWN_VALUE), lengths);
    this.#begins[hashAt(form, 0)] = 1;
    if (form.length < PREFIX) {
      this.#short.set(form, form.length <= STANDS_ALONE);
      return;
    }
    const prefix = form.slice(0, PREFIX);
    const sorted = this.#long.get(prefix);
    if (sorted === undefined) this.#long.set(prefix, [form]);
    else sorted.splice(insertionPoint(sorted, form, 0), 0, form);
  }

  /** Where values stand, from left to right; those that overlap are one. */
  find(text: string): readonly Span[] {
    if (this.isEmpty) return [];
    const found: Span[] = [];
    const last = text.length - MIN_KNOWN_VALUE;
    for (let at = 0; at <= last; at += 1) {
      if (this.#begins[hashAt(text, at)] === 0) continue;
      const length = this.#lengthAt(text, at);
      if (length === 0) continue;
      const previous = found.at(-1);
      if (previous !== undefined && previous.end >= at) {
        found[found.length - 1] = { start: previous.start, end: Math.max(previous.end, at + length) };
      } else found.push({ start: at, end: at + length });
      // A value may begin in the last characters of another one; from farther inside it would be read again and again.
      if (length >= 2 * PREFIX) at += length - PREFIX;
    }
    return found;
  }

  /** How much of a value stands at a place, 0 if none. */
  #lengthAt(text: string, at: number): number {
    for (const length of this.#lengths.get(text.slice(at, at + MIN_KNOWN_VALUE)) ?? []) {
      if (at + length > text.length) continue;
      const part = text.slice(at, at + length);
      if (length === PREFIX) {
        const sorted = this.#long.get(part);
        if (sorted !== undefined) return longestShared(sorted, text, at);
        continue;
      }
      const alone = this.#short.get(part);
      if (alone === false || (alone === true && startsToken(text, at) && endsToken(text, at + length))) return length;
    }
    return 0;
  }

  /** Where a value begins that reaches the end of the text and may go on: for texts that come in parts. */
  openAt(text: string, within: number): number | undefined {
    for (let at = Math.max(0, text.length - within); at <= text.length - MIN_KNOWN_VALUE; at += 1) {
      if (this.#begins[hashAt(text, at)] === 0) continue;
      const rest = text.slice(at, at + PREFIX);
      if (rest.length < PREFIX) {
        if (this.#lengths.has(rest.slice(0, MIN_KNOWN_VALUE))) return at;
        continue;
      }
      const sorted = this.#long.get(rest);
      if (sorted !== undefined && at + longestShared(sorted, text, at) === text.length) return at;
    }
    return undefined;
  }
}

function isTelling(value: string): boolean {
  const lower = value.trim().toLowerCase();
  if (COMMON.has(lower) || lower.length < MIN_KNOWN_VALUE) return false;
  // Numbers of few digits are ports, sizes and times; rows of one character are nothing.
  return !/^[0-9.:]{1,7}$/.test(lower) && new Set(lower).size > 2;
}

function hashAt(text: string, at: number): number {
  const first = text.charCodeAt(at) + text.charCodeAt(at + 1) * 31;
  return (
    (first + text.charCodeAt(at + 2) * 961 + text.charCodeAt(at + 3) * 29_791 + text.charCodeAt(at + 4) * 923_521) &
    0x3fff
  );
}

/** How many characters the text shares, at a place, with one of the sorted forms at most. */
function longestShared(sorted: readonly string[], text: string, at: number): number {
  const point = insertionPoint(sorted, text, at);
  return Math.max(
    ...[sorted[point - 1], sorted[point]].map((form) => (form === undefined ? 0 : shared(form, text, at))),
  );
}

function shared(form: string, text: string, at: number): number {
  const length = Math.min(form.length, text.length - at);
  let index = 0;
  while (index < length && form.charCodeAt(index) === text.charCodeAt(at + index)) index += 1;
  return index;
}

/** The number of forms that are less than the text from a place on. */
function insertionPoint(sorted: readonly string[], text: string, at: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const form = sorted[middle] ?? '';
    const index = shared(form, text, at);
    const isLess =
      index === form.length || (at + index < text.length && form.charCodeAt(index) < text.charCodeAt(at + index));
    if (isLess) low = middle + 1;
    else high = middle;
  }
  return low;
}
