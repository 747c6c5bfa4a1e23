import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { newFinder } from './find.ts';
import { KnownValues } from './known-values.ts';
import { maskText } from './mask-text.ts';
import { redacted } from './placeholder.ts';
import { newTextStream } from './stream-text.ts';

const FORGE_TOKEN = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`;
const KEY = `-----BEGIN RSA PRIVATE KEY-----\n${`${'MIIEowIBAAKCAQEA'.repeat(4)}\n`.repeat(20)}-----END RSA PRIVATE KEY-----`;
const SEVERAL_LINES = 'first line of a value\nsecond line of it\nthird';
const known = new KnownValues();
known.add(SEVERAL_LINES);
known.add('hunter2hunter2');
const finder = newFinder({ detectors: 'all', patterns: [], known });

const TEXT = `starting\nuse ${FORGE_TOKEN} now\n${KEY}\npassword: hunter2hunter2\n${SEVERAL_LINES} end\ncafé ✓ 🔑\nlast ${FORGE_TOKEN}`;

function streamed(bytes: Buffer, cuts: readonly number[]): Buffer {
  const stream = newTextStream({ finder, replace: redacted, known });
  const parts: Buffer[] = [];
  let from = 0;
  for (const cut of [...cuts.map((at) => at % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]) {
    parts.push(stream.write(bytes.subarray(from, cut)));
    from = cut;
  }
  return Buffer.concat([...parts, stream.flush()]);
}

test('however it is cut, a stream is masked as the text would be', () => {
  const bytes = Buffer.from(TEXT);
  const expected = maskText(TEXT, finder, redacted).text;
  expect(expected).not.toContain(FORGE_TOKEN);
  expect(expected).not.toContain('MIIE');
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 40 }), (cuts) => {
      expect(streamed(bytes, cuts).toString('utf8')).toBe(expected);
    }),
    { numRuns: 300 },
  );
  expect(streamed(bytes, [...bytes.keys()]).toString('utf8')).toBe(expected);
});

test('bytes that are no text come out as they went in, however they are cut', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.array(fc.nat(), { maxLength: 10 }), (bytes, cuts) => {
      const plain = newFinder({ detectors: [], patterns: [] });
      fc.pre(plain(Buffer.from(bytes).toString('latin1')).length === 0);
      expect(streamed(Buffer.from(bytes), cuts)).toEqual(Buffer.from(bytes));
    }),
  );
});

test('a token between bytes that are no text is found, and they stay', () => {
  const bytes = Buffer.concat([
    Buffer.of(0xff, 0x00, 0xc3),
    Buffer.from(` ${FORGE_TOKEN} `),
    Buffer.of(0xfe, 0xed, 0xa0, 0x80),
  ]);
  const expected = Buffer.concat([
    Buffer.of(0xff, 0x00, 0xc3),
    Buffer.from(' [MASKED:github-token] '),
    Buffer.of(0xfe, 0xed, 0xa0, 0x80),
  ]);
  expect(streamed(bytes, [])).toEqual(expected);
  expect(streamed(bytes, [...bytes.keys()])).toEqual(expected);
});

test('whole lines go out at once, the line without an end is held', () => {
  const stream = newTextStream({ finder, replace: redacted });
  expect(stream.write(Buffer.from('one\ntwo\nthr')).toString()).toBe('one\ntwo\n');
  expect(stream.held).toBe(3);
  expect(stream.flush().toString()).toBe('thr');
  expect(stream.held).toBe(0);
});

test('a key that has begun is held until it has ended', () => {
  const stream = newTextStream({ finder, replace: redacted });
  expect(stream.write(Buffer.from(`a\n${KEY.slice(0, 400)}\n`)).toString()).toBe('a\n');
  expect(stream.write(Buffer.from(`${KEY.slice(400)}\n`)).toString()).toBe('[MASKED:private-key]\n');
  expect(Object.fromEntries(stream.counts)).toEqual({ 'private-key': 1 });
});

test('the rest of a token whose first part was flushed is masked, too', () => {
  const stream = newTextStream({ finder, replace: redacted });
  const value = 'hunter2hunter2';
  expect(stream.write(Buffer.from('password=hun')).toString() + stream.flush().toString()).toBe(
    'password=[MASKED:credential]',
  );
  const rest = stream.write(Buffer.from(`${value.slice(3)}\n`)).toString();
  expect(rest).toBe('[MASKED:credential]\n');
});

test('what is held is bounded, for a line and for a key that never end', () => {
  for (const unit of ['x', ' a1 ', '-----BEGIN PRIVATE KEY-----\nMIIB\n', 'password=a', `${'MIIB'.repeat(16)}\n`]) {
    const stream = newTextStream({ finder, replace: redacted });
    stream.write(Buffer.from('-----BEGIN PRIVATE KEY-----\n'));
    const chunk = Buffer.from(unit.repeat(Math.ceil(4_096 / unit.length)));
    let held = 0;
    for (let written = 0; written < 1024 * 1024; written += chunk.length) {
      stream.write(chunk);
      held = Math.max(held, stream.held);
    }
    expect(held).toBeLessThan(256 * 1024);
  }
});
