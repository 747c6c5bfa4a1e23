import { bytesOfText, textOfBytes, unfinishedBytes } from './byte-text.ts';
import { MAX_PRIVATE_KEY } from './detectors/private-key.ts';
import type { Finder, Finding } from './find.ts';
import type { KnownValues } from './known-values.ts';
import { countFindings, type Replace, withReplacements } from './mask-text.ts';

/** Masks text that comes in parts. */
export interface TextStream {
  /** Takes bytes and gives those that nothing to come can change any more. */
  write(chunk: Uint8Array): Buffer;
  /** Gives what is held. What comes after it is still read in its light: the rest of a token is masked, too. */
  flush(): Buffer;
  /** Bytes that are held, about. */
  readonly held: number;
  readonly counts: ReadonlyMap<string, number>;
}

export interface TextStreamOptions {
  readonly finder: Finder;
  readonly replace: Replace;
  /** The same that the finder has: values of several lines are held until they end. */
  readonly known?: KnownValues;
}

/** Of a line without an end so much is held: the longest token that is found wherever it is cut. */
export const MAX_TOKEN = 16 * 1024;
/** What went out last is read again with what comes: a name in front of its value, the first part of a flushed token. */
const CONTEXT = 256;
/** Chunks are taken in pieces, so that what is held does not grow with them. */
const MAX_PIECE = 64 * 1024;

const KEY_BEGINS = /-----BEGIN (?:[A-Z0-9]{1,16} ){0,4}PRIVATE KEY|---- BEGIN SSH2 ENC|Private-Lines:/gi;
const KEY_ENDS = /-----END [A-Z0-9 ]{1,80}-----|---- END [A-Z0-9 ]{1,80} ----|Private-MAC:[^\n]{40}/i;
/** The line that ends a key. */
const LONGEST_END = 128;

/**
 * Whole lines go out at once, since only private keys and known values span lines; a last line without an end is held up
 * to a bound. It is not searched before its end has come, so that a terminal's single characters cost nothing.
 */
export function newTextStream({ finder, replace, known }: TextStreamOptions): TextStream {
  const counts = new Map<string, number>();
  let unfinished = Buffer.alloc(0);
  let context = '';
  let pending = '';
  /** While a key or value is open: how long the text must grow before it is searched again. */
  let searchAgainAt = 0;
  let isKeyOpen = false;

  const release = (cut: number, found: readonly Finding[]): string => {
    const going = found.flatMap(({ start, end, name }) => {
      const from = Math.max(start - context.length, 0);
      const to = Math.min(end - context.length, cut);
      return to > from ? [{ start: from, end: to, name }] : [];
    });
    countFindings(counts, going);
    const out = withReplacements(pending.slice(0, cut), going, replace);
    context = (context + pending.slice(0, cut)).slice(-CONTEXT);
    pending = pending.slice(cut);
    return out;
  };

  const releaseLines = (): string => {
    const window = context + pending;
    const found = finder(window);
    const lines = pending.lastIndexOf('\n') + 1;
    const key = openKeyAt(pending);
    const open = Math.min(key, (known?.openAt(window, MAX_TOKEN) ?? Infinity) - context.length);
    const bound = open < lines ? MAX_PRIVATE_KEY : MAX_TOKEN;
    const wanted = Math.max(Math.min(lines, Math.max(open, 0)), pending.length - bound);
    const cut = outsideFindings(wanted, found, context.length, pending.length);
    const out = release(cut, found);
    isKeyOpen = key < lines;
    searchAgainAt = open < lines ? Math.min(pending.length * 2, pending.length + MAX_PRIVATE_KEY) : 0;
    return out;
  };

  const take = (piece: Buffer): string => {
    const bytes = Buffer.concat([unfinished, piece]);
    const rest = unfinishedBytes(bytes);
    unfinished = Buffer.from(bytes.subarray(bytes.length - rest));
    const text = textOfBytes(bytes.subarray(0, bytes.length - rest));
    pending += text;
    return isDue(text) ? releaseLines() : '';
  };

  const isDue = (added: string): boolean => {
    if (searchAgainAt === 0) return added.includes('\n') || pending.length > 2 * MAX_TOKEN;
    return pending.length >= searchAgainAt || (isKeyOpen && KEY_ENDS.test(pending.slice(-added.length - LONGEST_END)));
  };

  return {
    counts,
    get held() {
      return pending.length + unfinished.length;
    },
    write(chunk) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      let out = '';
      for (let at = 0; at < bytes.length; at += MAX_PIECE) out += take(bytes.subarray(at, at + MAX_PIECE));
      return bytesOfText(out);
    },
    flush() {
      pending += textOfBytes(unfinished);
      unfinished = Buffer.alloc(0);
      searchAgainAt = 0;
      isKeyOpen = false;
      return bytesOfText(release(pending.length, finder(context + pending)));
    },
  };
}

/** Where a private key begins that has not ended. */
function openKeyAt(text: string): number {
  let open = Infinity;
  for (const { index } of text.matchAll(KEY_BEGINS)) {
    if (!KEY_ENDS.test(text.slice(index + 16))) return Math.min(open, index);
    open = Infinity;
  }
  return open;
}

/** A place to cut near the wanted one that is not inside a finding: behind it, or before one that may still grow. */
function outsideFindings(wanted: number, found: readonly Finding[], context: number, length: number): number {
  const across = found.find(({ start, end }) => start - context < wanted && end - context > wanted);
  if (across === undefined) return wanted;
  const end = across.end - context;
  // What is longer than any secret goes out masked as far as it came, or it would be held for ever.
  if (end >= length && length > 2 * MAX_PRIVATE_KEY) return length;
  return end < length ? end : Math.max(0, Math.min(wanted, across.start - context));
}
