import { isRecord } from './kubernetes-object.ts';

/** Longest line of a watch that is put together; etcd's objects end at 1.5 MiB by default. */
export const MAX_FRAME_BYTES = 32 * 1024 * 1024;

/** A complete line of a watch that is no watch event; what it would have said is lost, so the list must be read again. */
export class MalformedFrameError extends Error {
  override readonly name = 'MalformedFrameError';
  readonly code = 'ERR_KUBERNETES_WATCH_FRAME';
}

/** One event of a watch; `object` is narrowed by whoever knows the kind. */
export type WatchFrame =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: unknown }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }
  | { readonly type: 'ERROR'; readonly status: unknown };

const NEWLINE = 0x0a;

/**
 * Cuts a byte stream into lines. Bytes after the last newline are dropped at the end: a connection that breaks in the
 * middle of an event has not delivered it, and the watch that follows starts before it.
 */
export async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      yield Buffer.concat([...rest, chunk.subarray(start, end)]).toString('utf8');
      rest = [];
      size = 0;
      start = end + 1;
    }
    if (start < chunk.length) {
      rest.push(chunk.subarray(start));
      size += chunk.length - start;
    }
    if (size > MAX_FRAME_BYTES) {
      throw new MalformedFrameError(`A watch event is longer than ${MAX_FRAME_BYTES} bytes`);
    }
  }
}

/** Reads one line. @throws MalformedFrameError without quoting the line, which may hold a Secret. */
export function parseFrame(line: string): WatchFrame {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new MalformedFrameError('A watch event is not JSON');
  }
  if (!isRecord(value)) {
    throw new MalformedFrameError('A watch event is not an object');
  }
  const { type, object } = value;
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, object };
    case 'BOOKMARK':
      return { type, resourceVersion: resourceVersionOf(object) };
    case 'ERROR':
      return { type, status: object };
    default:
      throw new MalformedFrameError('A watch event of an unknown type');
  }
}

function resourceVersionOf(object: unknown): string {
  const metadata = isRecord(object) ? object['metadata'] : undefined;
  const version = isRecord(metadata) ? metadata['resourceVersion'] : undefined;
  if (typeof version !== 'string' || version === '') {
    throw new MalformedFrameError('A bookmark without a resourceVersion');
  }
  return version;
}
