import { PassThrough, type Writable } from 'node:stream';

/** A stream to log into, and what was logged: one parsed JSON object per line. */
export interface LogLines {
  readonly stream: Writable;
  readonly lines: () => Record<string, unknown>[];
  readonly text: () => string;
}

export function newLogLines(): LogLines {
  const stream = new PassThrough();
  let written = '';
  stream.on('data', (chunk: Buffer) => {
    written += chunk.toString();
  });
  return {
    stream,
    text: () => written,
    lines: () =>
      written
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => {
          const value: unknown = JSON.parse(line);
          if (typeof value !== 'object' || value === null) {
            throw new TypeError(`Not a line of a JSON log: ${line}`);
          }
          return { ...value };
        }),
  };
}
