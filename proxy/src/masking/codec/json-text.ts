import type { Edits, Member, Value } from '../document.ts';

/** How a value was written. */
export interface BoundedText {
  /** Valid JSON in any case. */
  readonly text: string;
  /**
   * Where something was left out, the JSON Pointer (RFC 6901) of the first: that text was cut, or that value and all
   * that comes after it in the document is missing. Undefined where all is there. Its last parts are missing where it
   * would be long.
   */
  readonly cutAt: string | undefined;
}

/** What a cut text ends with. */
export const CUT = '…';

const LONGEST_POINTER = 256;
/** Under this a cut text says nothing: it is left out whole. */
const SHORTEST_CUT = 16;

/** A list or an object that is being written. */
interface Open {
  readonly entries: readonly (Member | Value)[];
  readonly close: string;
  /** Of the entry that comes next. */
  index: number;
}

/** A value of any encoding as JSON, with the edits made. */
export function jsonText(value: Value, edits: Edits): string {
  return boundedJsonText(value, edits, Number.POSITIVE_INFINITY).text;
}

/**
 * A value as JSON of at most `maximumBytes` of UTF-8. What does not fit is left out from the first that does not on:
 * a text is cut, of anything else nothing is written. An empty object or list, or `null`, is written whatever the bound.
 */
export function boundedJsonText(value: Value, edits: Edits, maximumBytes: number): BoundedText {
  const writer = new JsonWriter(edits, maximumBytes);
  return writer.write(value);
}

/** Does not recurse: documents may be nested as deep as codecs read them. */
class JsonWriter {
  readonly #edits: Edits;
  readonly #parts: string[] = [];
  readonly #open: Open[] = [];
  readonly #bounded: boolean;
  /** Bytes that may still be written, those that close what is open taken off. */
  #left: number;
  #cut = false;

  constructor(edits: Edits, maximumBytes: number) {
    this.#edits = edits;
    this.#left = maximumBytes;
    this.#bounded = maximumBytes !== Number.POSITIVE_INFINITY;
  }

  write(root: Value): BoundedText {
    this.#value('', root);
    let open = this.#open.at(-1);
    while (open !== undefined && !this.#cut) {
      this.#next(open);
      open = this.#open.at(-1);
    }
    const cutAt = this.#cut ? this.#pointer() : undefined;
    for (const { close } of this.#open.toReversed()) this.#parts.push(close);
    if (this.#parts.length === 0) this.#parts.push('null');
    return { text: this.#parts.join(''), cutAt };
  }

  #next(open: Open): void {
    const entry = open.entries[open.index];
    if (entry === undefined) {
      this.#parts.push(open.close);
      this.#open.pop();
      return;
    }
    const comma = open.index === 0 ? '' : ',';
    open.index += 1;
    if ('key' in entry) this.#value(`${comma}${JSON.stringify(this.#keyText(entry))}:`, entry.value);
    else this.#value(comma, entry);
  }

  /** Writes a scalar, or what opens a list or an object, `before` in front of it. */
  #value(before: string, value: Value): void {
    switch (value.kind) {
      case 'object':
        this.#begin(before, '{', { entries: value.members, close: '}', index: 0 });
        return;
      case 'list':
        this.#begin(before, '[', { entries: value.items, close: ']', index: 0 });
        return;
      case 'text':
        this.#string(before, this.#edits.get(value) ?? value.text);
        return;
      case 'number':
      case 'boolean':
      case 'null': {
        const edit = this.#edits.get(value);
        if (edit === undefined) this.#take(before + value.text);
        else this.#string(before, edit);
      }
    }
  }

  #begin(before: string, bracket: string, open: Open): void {
    const isRoot = this.#open.length === 0;
    if (!this.#take(before + bracket, 1) && !isRoot) return;
    if (this.#cut) this.#parts.push(bracket);
    this.#open.push(open);
  }

  #string(before: string, text: string): void {
    // Not even written where its length alone says that it does not fit: texts may have many MB.
    if (text.length + 2 <= this.#left && this.#take(before + JSON.stringify(text), 0, false)) return;
    this.#cut = true;
    const room = this.#left - byteLength(before) - 2 - byteLength(CUT);
    if (room >= SHORTEST_CUT) this.#parts.push(before, JSON.stringify(fitting(text, room) + CUT));
  }

  /** Writes text, if there is room for it and for `closing` bytes more later. */
  #take(text: string, closing = 0, cuts = true): boolean {
    if (this.#bounded) {
      const bytes = byteLength(text) + closing;
      if (bytes > this.#left) {
        if (cuts) this.#cut = true;
        return false;
      }
      this.#left -= bytes;
    }
    this.#parts.push(text);
    return true;
  }

  #keyText({ key }: Member): string {
    return this.#edits.get(key) ?? key.text;
  }

  /** Of what was written last, or could not be. */
  #pointer(): string {
    let pointer = '';
    for (const { entries, index } of this.#open) {
      const entry = entries[index - 1];
      if (entry === undefined) break;
      const step =
        'key' in entry ? this.#keyText(entry).replaceAll('~', '~0').replaceAll('/', '~1') : String(index - 1);
      if (pointer.length + step.length >= LONGEST_POINTER) break;
      pointer += `/${step}`;
    }
    return pointer;
  }
}

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

/** The longest beginning of a text, found by halving, that as JSON has no more bytes than there is room for. */
function fitting(text: string, room: number): string {
  let fits = 0;
  let tooLong = Math.min(text.length, room) + 1;
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >>> 1;
    if (byteLength(JSON.stringify(text.slice(0, middle))) - 2 <= room) fits = middle;
    else tooLong = middle;
  }
  // Half a surrogate pair is no character.
  const last = text.charCodeAt(fits - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? fits - 1 : fits);
}
