import { bytes, clientFrame, singleBytes, splits } from '@chaperone/test/streams/frames';
import { array, assert, boolean, constantFrom, integer, nat, oneof, property, record, uint8Array } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameError, type FrameErrorCode } from './frame-error.ts';

import { closeFrame, serverFrame, WebSocketReader, type WebSocketReaderOptions } from './websocket.ts';

interface Reading {
  readonly messages: { kind: string; text: string }[];
  readonly error: FrameErrorCode | undefined;
  readonly unfinished: number;
}

/** What a reader makes of chunks. */
function read(
  chunks: readonly Buffer[],
  options: Partial<Pick<WebSocketReaderOptions, 'from' | 'fragments' | 'maxMessageBytes'>> = {},
): Reading {
  const messages: { kind: string; text: string }[] = [];
  let open: { kind: string; parts: Buffer[] } | undefined;
  const reader = new WebSocketReader({
    from: 'client',
    fragments: false,
    ...options,
    handler: {
      begin: (kind) => (open = { kind, parts: [] }),
      payload: (piece) => {
        // As whoever looks at the first byte alone, and as whoever looks at all.
        open?.parts.push(Buffer.of(piece.byteAt(0)), Buffer.from(piece.bytesFrom(1)));
        return undefined;
      },
      end: () => messages.push({ kind: open?.kind ?? '', text: Buffer.concat(open?.parts ?? []).toString('latin1') }),
    },
  });
  try {
    for (const chunk of chunks) void reader.push(chunk);
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    return { messages, error: error.code, unfinished: reader.unfinished };
  }
  return { messages, error: undefined, unfinished: reader.unfinished };
}

const binary = (text: string, more: Parameters<typeof clientFrame>[1] = {}): Buffer =>
  clientFrame(Buffer.from(text), { opcode: 2, ...more });

describe('messages', () => {
  const cases: Record<string, { frame: Buffer; from?: 'server'; want: { kind: string; text: string } }> = {
    'of bytes': { frame: binary('\0abc'), want: { kind: 'binary', text: '\0abc' } },
    'of text': { frame: binary('abc', { opcode: 1 }), want: { kind: 'text', text: 'abc' } },
    'of nothing': { frame: binary(''), want: { kind: 'binary', text: '' } },
    'with a length of 16 bits': { frame: binary('x'.repeat(126)), want: { kind: 'binary', text: 'x'.repeat(126) } },
    'with a length of 64 bits': {
      frame: binary('x'.repeat(65_536)),
      want: { kind: 'binary', text: 'x'.repeat(65_536) },
    },
    'of the server': {
      frame: serverFrame('binary', Buffer.from('abc')),
      from: 'server',
      want: { kind: 'binary', text: 'abc' },
    },
  };
  test.each(Object.entries(cases))('%s', (_, { frame, from, want }) => {
    expect(read([frame], from === undefined ? {} : { from })).toEqual({
      messages: [want],
      error: undefined,
      unfinished: 0,
    });
  });

  test('stand between pings and pongs, and before a close', () => {
    const frames = [binary('', { opcode: 9 }), binary('a'), binary('beat', { opcode: 10 }), binary('', { opcode: 8 })];
    expect(read(frames)).toEqual({ messages: [{ kind: 'binary', text: 'a' }], error: undefined, unfinished: 0 });
  });

  test('in fragments are one where that is allowed, with a ping between', () => {
    const frames = [
      binary('a', { last: false }),
      binary('', { opcode: 9 }),
      binary('b', { opcode: 0, last: false }),
      binary('c', { opcode: 0 }),
    ];
    expect(read(frames, { fragments: true }).messages).toEqual([{ kind: 'binary', text: 'abc' }]);
    expect(read(frames.slice(0, 2), { fragments: true }).unfinished).toBeGreaterThan(0);
  });
});

describe('refused', () => {
  const cases: Record<
    string,
    { frames: readonly Buffer[]; options?: Parameters<typeof read>[1]; code: FrameErrorCode }
  > = {
    'a client that does not mask': { frames: [serverFrame('binary', Buffer.from('a'))], code: 'NotMasked' },
    'a server that masks': { frames: [binary('a')], options: { from: 'server' }, code: 'Masked' },
    'the first reserved bit, of compression': { frames: [binary('a', { reserved: 4 })], code: 'ReservedBits' },
    'the second reserved bit': { frames: [binary('a', { reserved: 2 })], code: 'ReservedBits' },
    'the third reserved bit': { frames: [binary('a', { reserved: 1 })], code: 'ReservedBits' },
    'an opcode that is no data': { frames: [binary('a', { opcode: 3 })], code: 'UnknownOpcode' },
    'an opcode that is no control': { frames: [binary('a', { opcode: 11 })], code: 'UnknownOpcode' },
    'the first fragment': { frames: [binary('a', { last: false })], code: 'Fragmented' },
    'a fragment that follows': { frames: [binary('a', { opcode: 0 })], code: 'Fragmented' },
    'a fragment of nothing': {
      frames: [binary('a', { opcode: 0 })],
      options: { fragments: true },
      code: 'ContinuationUnexpected',
    },
    'a message within a message': {
      frames: [binary('a', { last: false }), binary('b')],
      options: { fragments: true },
      code: 'ContinuationUnexpected',
    },
    'a ping in fragments': { frames: [binary('', { opcode: 9, last: false })], code: 'ControlFrameInvalid' },
    'a ping that is too long': { frames: [binary('x'.repeat(126), { opcode: 9 })], code: 'ControlFrameInvalid' },
    'a message after the close': { frames: [binary('', { opcode: 8 }), binary('a')], code: 'AfterClose' },
    'a message that is too large': {
      frames: [binary('x'.repeat(101))],
      options: { maxMessageBytes: 100 },
      code: 'MessageTooLarge',
    },
    'fragments that are too large together': {
      frames: [binary('x'.repeat(60), { last: false }), binary('x'.repeat(60), { opcode: 0 })],
      options: { maxMessageBytes: 100, fragments: true },
      code: 'MessageTooLarge',
    },
    'a length past what the server takes, at its header': {
      frames: [bytes('82 ff 00 00 00 00 02 00 00 01 01 02 03 04')],
      code: 'MessageTooLarge',
    },
    'a length with the highest bit, which Go drops': {
      frames: [bytes('82 ff 80 00 00 00 00 01 00 00 01 02 03 04')],
      code: 'MessageTooLarge',
    },
    'a short length in 16 bits': { frames: [bytes('82 fe 00 7d 01 02 03 04')], code: 'LengthNotMinimal' },
    'a short length in 64 bits': {
      frames: [bytes('82 ff 00 00 00 00 00 00 ff ff 01 02 03 04')],
      code: 'LengthNotMinimal',
    },
  };
  test.each(Object.entries(cases))('%s', (_, { frames, options, code }) => {
    expect(read(frames, options).error).toBe(code);
  });
});

const anyFrame = record({
  payload: oneof(
    { weight: 9, arbitrary: uint8Array({ maxLength: 200 }) },
    { weight: 1, arbitrary: integer({ min: 65_530, max: 65_540 }).map((length) => Buffer.alloc(length, 'x')) },
  ),
  opcode: constantFrom(0, 1, 2, 8, 9, 10, 3),
  last: boolean(),
  reserved: constantFrom(0, 0, 0, 0, 0, 4),
  mask: uint8Array({ minLength: 4, maxLength: 4 }),
});

test('what is read does not depend on how bytes are split', () => {
  assert(
    property(array(anyFrame, { maxLength: 6 }), array(nat(70_000)), boolean(), (frames, cuts, fragments) => {
      const all = Buffer.concat(
        frames.map(({ payload, mask, ...more }) =>
          clientFrame(Buffer.from(payload), { ...more, mask: Buffer.from(mask) }),
        ),
      );
      expect(read(splits(all, cuts), { fragments })).toMatchObject({
        ...read([all], { fragments }),
        unfinished: expect.any(Number) as unknown,
      });
    }),
  );
});

test('what is read is the same byte by byte, and unfinished is 0 just between frames', () => {
  const frames = [binary('a'), binary('x'.repeat(130)), binary('', { opcode: 9 }), binary('')];
  const all = Buffer.concat(frames);
  expect(read(singleBytes(all))).toEqual(read([all]));
  const ends = frames.map((_, count) => Buffer.concat(frames.slice(0, count + 1)).length);
  for (let length = 1; length <= all.length; length++)
    expect(read([all.subarray(0, length)]).unfinished === 0).toBe(ends.includes(length));
});

describe('frames of the server', () => {
  test.each([0, 125, 126, 65_535, 65_536])('of %i bytes are read again', (length) => {
    const { messages } = read([serverFrame('binary', Buffer.alloc(length, 'x'))], { from: 'server' });
    expect(messages).toEqual([{ kind: 'binary', text: 'x'.repeat(length) }]);
  });

  test('close with a reason that fits, whole characters of it', () => {
    const close = closeFrame(1_008, 'ä'.repeat(100));
    expect(close.subarray(0, 4)).toEqual(bytes('88 7c 03 f0'));
    expect(close.subarray(4).toString()).toBe('ä'.repeat(61));
    expect(closeFrame(1_000, '').subarray(2)).toEqual(bytes('03 e8'));
  });
});
