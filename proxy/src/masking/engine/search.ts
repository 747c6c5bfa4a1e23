import type { ObjectValue, TextValue } from '../document.ts';
import type { Finder } from '../text/find.ts';
import { KNOWN_VALUE } from '../text/findings.ts';
import { maskText } from '../text/mask-text.ts';
import { redacted } from '../text/placeholder.ts';
import { MESSAGE } from './cause.ts';
import { decodedText } from './mask-leaf.ts';
import { maskQuotedValues } from './status-message.ts';
import type { Cell, EmbeddedDocument, Message, Walk } from './walk.ts';

export interface SearchFacts {
  /**
   * Whether what the caller sent could be read, so that its values are known. If not, a message about it may quote
   * anything of it.
   */
  readonly requestDecoded: boolean;
}

/** Managed fields name the elements of sets and lists by their values: `v:"x"`, `k:{"name":"x"}`. */
const MANAGED_VALUE = /^[vk]:/u;
const COLON = ':'.charCodeAt(0);

/** Searches what a walk has gathered, and adds to its edits and counts. */
export function search(walk: Walk, facts: SearchFacts): void {
  new Search(walk, facts).run();
}

class Search {
  readonly #walk: Walk;
  readonly #facts: SearchFacts;
  /** For all texts. */
  readonly #finder: Finder;
  /** For what says who an object is. */
  readonly #plain: Finder;
  /** For what shows fields in another form; made where there is any. */
  #wideFinder: Finder | undefined;

  constructor(walk: Walk, facts: SearchFacts) {
    const { texts, target } = walk.plan;
    const { secrets } = walk.values;
    this.#walk = walk;
    this.#facts = facts;
    this.#plain = texts.finder(undefined);
    this.#finder = target === 'Audit' && secrets !== undefined ? texts.finder(secrets) : this.#plain;
  }

  get #wide(): Finder {
    const { plan, values } = this.#walk;
    this.#wideFinder ??= plan.texts.finder(values.all);
    return this.#wideFinder;
  }

  run(): void {
    const walk = this.#walk;
    for (const embedded of walk.embedded) this.#embedded(embedded);
    for (const text of walk.texts) this.#text(text, this.#finder);
    for (const text of walk.identities) this.#text(text, this.#plain);
    for (const text of walk.encodedTexts) this.#encoded(text);
    for (const message of walk.messages) this.#message(message);
    for (const cell of walk.cells) this.#cell(cell);
    if (walk.plan.texts.searches || walk.masked.size > 0) for (const object of walk.objects) this.#keys(object);
  }

  #text(text: TextValue, finder: Finder): void {
    if (finder(text.text).length === 0) return;
    this.#edit(text, this.#masked(text.text, finder));
  }

  #masked(text: string, finder: Finder): string {
    const { texts } = this.#walk.plan;
    const masked = maskText(text, finder, texts.replace);
    for (const [name, count] of masked.counts) this.#walk.count(name, count);
    return masked.text;
  }

  #edit(text: TextValue, replacement: string): void {
    if (replacement !== text.text) this.#walk.edits.set(text, replacement);
  }

  /** Bytes are replaced whole: what is masked within them would have to be encoded again. */
  #encoded(text: TextValue): void {
    const decoded = decodedText(text.text) ?? text.text;
    const [found] = this.#finder(decoded);
    if (found === undefined) return;
    const { plan } = this.#walk;
    const placeholder = plan.texts.replace(found.name, decoded);
    this.#walk.count(found.name, 1);
    this.#edit(text, plan.target === 'Response' ? Buffer.from(placeholder).toString('base64') : placeholder);
  }

  #message({ text, cause }: Message): void {
    const walk = this.#walk;
    if (cause === undefined) return this.#text(text, this.#wide);
    if (!this.#facts.requestDecoded || walk.values.isFull) {
      walk.count(cause.name, 1);
      return this.#edit(text, redacted(cause.alwaysOn ? MESSAGE.name : cause.name));
    }
    const quoted = maskQuotedValues(text.text, cause.name);
    if (quoted.count > 0) walk.count(cause.name, quoted.count);
    return this.#edit(text, this.#masked(quoted.text, this.#wide));
  }

  #cell({ text, masked, cause }: Cell): void {
    if (text.text !== '' && masked.has(text.text)) {
      this.#walk.count(cause.name, 1);
      this.#edit(text, redacted(cause.name));
    } else this.#text(text, this.#wide);
  }

  #embedded({ text, document, walk }: EmbeddedDocument): void {
    search(walk, this.#facts);
    for (const [name, count] of walk.counts) this.#walk.count(name, count);
    if (walk.edits.size > 0) this.#edit(text, document.encode(walk.edits).toString('utf8'));
  }

  #keys(object: ObjectValue): void {
    const { plan, values, masked } = this.#walk;
    const shortest = values.secrets === undefined ? plan.texts.minKeyLength : 0;
    let keys: UniqueKeys | undefined;
    for (const { key } of object.members) {
      const replacement = this.#managed(key.text, masked) ?? this.#key(key.text, shortest);
      if (replacement === key.text) continue;
      keys ??= new UniqueKeys(object);
      this.#edit(key, keys.take(replacement));
    }
  }

  #key(key: string, shortest: number): string {
    return key.length < shortest || this.#finder(key).length === 0 ? key : this.#masked(key, this.#finder);
  }

  /** A key of managed fields that names an element by a value that was masked. */
  #managed(key: string, masked: ReadonlySet<string>): string | undefined {
    if (masked.size === 0 || key.charCodeAt(1) !== COLON || !MANAGED_VALUE.test(key)) return undefined;
    if (!namedValues(key.slice(2)).some((value) => masked.has(value))) return undefined;
    this.#walk.count(KNOWN_VALUE, 1);
    return `${key.slice(0, 2)}${redacted(KNOWN_VALUE)}`;
  }
}

/** The values in the name of an element. */
function namedValues(json: string): string[] {
  try {
    const value: unknown = JSON.parse(json);
    const values: unknown[] = typeof value === 'object' && value !== null ? Object.values(value) : [value];
    return values.map(String);
  } catch {
    return [];
  }
}

/** No two keys of an object may become one: nobody could read it any more. */
class UniqueKeys {
  readonly #taken: Set<string>;
  readonly #counts = new Map<string, number>();

  constructor(object: ObjectValue) {
    this.#taken = new Set(object.members.map(({ key }) => key.text));
  }

  take(key: string): string {
    let count = this.#counts.get(key) ?? 1;
    let unique = count === 1 ? key : `${key}#${count}`;
    while (this.#taken.has(unique)) unique = `${key}#${++count}`;
    this.#counts.set(key, count);
    this.#taken.add(unique);
    return unique;
  }
}
