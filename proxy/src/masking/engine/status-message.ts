import type { ObjectValue, Value } from '../document.ts';
import { redacted } from '../text/placeholder.ts';
import type { Cause } from './cause.ts';
import { causeBelow, NOWHERE, stepKey, type FieldNodes } from './field-node.ts';
import { newOwner } from './owner.ts';
import type { Walk } from './walk.ts';

/** Walks a metav1.Status about objects of which `nodes` says what is masked. */
export function walkStatus(walk: Walk, root: ObjectValue, nodes: FieldNodes): void {
  const walker = new StatusWalker(walk, causeBelow(nodes));
  walker.walk(root, nodes, (details) => {
    if (details.kind !== 'object') return false;
    walker.walk(details, NOWHERE, (causes) => {
      if (causes.kind !== 'list') return false;
      for (const item of causes.items) walker.walk(item, NOWHERE, () => false);
      return true;
    });
    return true;
  });
}

class StatusWalker {
  readonly #walk: Walk;
  readonly #cause: Cause | undefined;

  constructor(walk: Walk, cause: Cause | undefined) {
    this.#walk = walk;
    this.#cause = cause;
  }

  /** Walks an object with a `message`; `details` and `causes` by a walk of their own, if that takes them. */
  walk(value: Value, nodes: FieldNodes, walkInner: (inner: Value) => boolean): void {
    const owner = newOwner(value, nodes);
    if (value.kind !== 'object') return this.#walk.at(value, nodes, owner);
    for (const { key, value: at } of value.members) {
      if (key.text === 'message' && at.kind === 'text') this.#walk.messages.push({ text: at, cause: this.#cause });
      // Whoever sends an object may call it a Status: its other fields are masked as those of any object.
      else if (!INNER.has(key.text) || !walkInner(at)) this.#walk.member(key.text, at, stepKey(nodes, key.text), owner);
    }
    return undefined;
  }
}

const INNER: ReadonlySet<string> = new Set(['details', 'causes']);

/** How k8s.io/apimachinery's field errors begin what they quote. */
const QUOTES = /(?:Invalid|Unsupported|Duplicate) value: /gu;
/** A Go or JSON string, a number or a boolean: what they quote may also be an object, of which nobody can tell the end. */
const LITERAL = /(?:"(?:[^"\\]|\\.)*"|-?[0-9][0-9.e+-]*|true|false|null|<nil>)(?=[:,;\]})]|\s|$)/uy;
/** Errors of CustomResourceDefinitions' schemas name the type in the place of the value. */
const TYPES = /"(?:object|array|string|integer|number|boolean|null)"/uy;
/** Decoders quote what they could not decode: YAML's by its first letters, JSON's with what stands around it. */
const DECODERS = /(?:cannot unmarshal (?:!!\w+|\w+) `|bigger context \.\.\.|found in #[0-9]+ byte of \.\.\.)/u;

/**
 * Replaces what validation errors quote, about an object of which something is masked: an error of another field of it
 * may quote the whole object. Where the end of what is quoted cannot be told, the rest of the message goes. So do all lines
 * but the first: of a Pod that may not change so they are a diff of what is stored and what was sent.
 */
export function maskQuotedValues(message: string, name: string): { readonly text: string; readonly count: number } {
  const placeholder = redacted(name);
  let text = '';
  let from = 0;
  let count = 0;
  for (const match of message.matchAll(QUOTES)) {
    const at = match.index + match[0].length;
    // Inside of what was quoted before.
    if (at < from || startsWith(TYPES, message, at) !== 0) continue;
    if (message.startsWith(placeholder, at)) continue;
    const length = startsWith(LITERAL, message, at);
    text += message.slice(from, at) + placeholder;
    count++;
    if (length === 0) return { text, count };
    from = at + length;
  }
  text += message.slice(from);
  const end = endOfWords(text);
  return end === undefined || text.slice(end) === placeholder
    ? { text, count }
    : { text: text.slice(0, end) + placeholder, count: count + 1 };
}

/** Where that begins of which nobody can tell the end: what a decoder quotes, or lines of a diff. */
function endOfWords(message: string): number | undefined {
  const decoder = DECODERS.exec(message);
  const line = message.indexOf('\n');
  const ends = [decoder === null ? -1 : decoder.index + decoder[0].length, line < 0 ? -1 : line + 1];
  return ends.filter((end) => end >= 0).toSorted((left, right) => left - right)[0];
}

function startsWith(sticky: RegExp, text: string, at: number): number {
  sticky.lastIndex = at;
  return sticky.exec(text)?.[0].length ?? 0;
}
