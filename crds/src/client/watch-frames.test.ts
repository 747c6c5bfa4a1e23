import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { linesOf, MalformedFrameError, parseFrame } from './watch-frames.ts';

async function* chunksOf(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) {
    yield await Promise.resolve(chunk);
  }
}

async function linesIn(chunks: readonly Buffer[]): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(chunksOf(chunks))) {
    lines.push(line);
  }
  return lines;
}

describe('lines', () => {
  test('are the same however the bytes are cut, also through a character', async () => {
    const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ' '));
    await fc.assert(
      fc.asyncProperty(fc.array(line), line, fc.array(fc.nat(64), { minLength: 1 }), async (lines, rest, sizes) => {
        const bytes = Buffer.from([...lines, rest].join('\n'));
        const chunks: Buffer[] = [];
        for (let start = 0, turn = 0; start < bytes.length; turn += 1) {
          const size = (sizes[turn % sizes.length] ?? 0) + 1;
          chunks.push(bytes.subarray(start, start + size));
          start += size;
        }
        expect(await linesIn(chunks)).toEqual(lines.map((text) => Buffer.from(text).toString()));
      }),
    );
  });

  test('without an end are not lines: the connection was cut', async () => {
    expect(await linesIn([Buffer.from('one\ntw')])).toEqual(['one']);
  });

  test('without end in sight are refused before they fill the memory', async () => {
    const mebibyte = Buffer.alloc(1024 * 1024, 0x61);
    await expect(linesIn(Array.from({ length: 33 }, () => mebibyte))).rejects.toThrow(MalformedFrameError);
  });
});

describe('frames', () => {
  test('are read by their type', () => {
    expect(parseFrame('{"type":"ADDED","object":{"a":1}}')).toEqual({ type: 'ADDED', object: { a: 1 } });
    expect(parseFrame('{"type":"ERROR","object":{"code":410}}')).toEqual({ type: 'ERROR', status: { code: 410 } });
    expect(parseFrame('{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7"}}}')).toEqual({
      type: 'BOOKMARK',
      resourceVersion: '7',
    });
  });

  test.each(['', 'null', '[]', '{}', '{"type":"added"}', '{"type":"BOOKMARK","object":{}}', '{"type":"ADDED"'])(
    'that are %j are malformed',
    (line) => {
      expect(() => parseFrame(line)).toThrow(MalformedFrameError);
    },
  );

  test('that are malformed are not quoted', () => {
    expect(() => parseFrame('{"data":"hunter2"')).toThrow(/^A watch event is not JSON$/);
  });
});
