/** One answer as it stood on the wire. */
export interface RawAnswer {
  readonly status: number;
  /** Values by lower-case name, one a line. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
}

export interface RawAnswers {
  readonly answers: readonly RawAnswer[];
  readonly informational: readonly number[];
}

const BODILESS: ReadonlySet<string> = new Set(['101', '204', '304']);

/** Reads the answers that `bytes` hold whole; `toHead` where they answer HEAD, and have no bodies. */
export function readAnswers(bytes: Buffer, toHead = false): RawAnswers {
  const answers: RawAnswer[] = [];
  const informational: number[] = [];
  let rest = bytes.toString('latin1');
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    const status = /^HTTP\/1\.1 (\d{3})/.exec(rest)?.[1];
    if (end < 0 || status === undefined) return { answers, informational };
    const headers = readHeaders(rest.slice(0, end));
    rest = rest.slice(end + 4);
    if (status.startsWith('1') && status !== '101') {
      informational.push(Number(status));
      continue;
    }
    const body = readBody(rest, headers, toHead || BODILESS.has(status));
    if (body === undefined) return { answers, informational };
    answers.push({ status: Number(status), headers, body: body.text });
    rest = rest.slice(body.length);
  }
}

function readHeaders(head: string): ReadonlyMap<string, readonly string[]> {
  const headers = new Map<string, string[]>();
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()]);
  }
  return headers;
}

/** Undefined while it has not arrived whole. */
function readBody(
  rest: string,
  headers: ReadonlyMap<string, readonly string[]>,
  bodiless: boolean,
): { readonly text: string; readonly length: number } | undefined {
  if (bodiless) return { text: '', length: 0 };
  if (headers.get('transfer-encoding')?.[0] !== 'chunked') {
    const length = Number(headers.get('content-length')?.[0] ?? 0);
    return rest.length < length ? undefined : { text: rest.slice(0, length), length };
  }
  let text = '';
  let at = 0;
  for (;;) {
    const line = rest.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = Number.parseInt(rest.slice(at, line), 16);
    if (rest.length < line + 2 + size + 2) return undefined;
    text += rest.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
    if (size === 0) return { text, length: at };
  }
}
