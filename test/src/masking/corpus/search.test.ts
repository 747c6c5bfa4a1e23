import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { newSeed, type SeedShape } from './seeds.ts';
import { newSeedSearch } from './search.ts';

type Hide = (value: Buffer) => string | Buffer;
const base64 = (value: string | Buffer): string => Buffer.from(value).toString('base64');
const each = (value: Buffer, write: (code: number) => string): string => [...value].map(write).join('');
const hex = (code: number, length = 2): string => code.toString(16).padStart(length, '0');

const EVERY_SHAPE: Readonly<Record<string, Hide>> = {
  'as it is': (value) => value,
  'in base64': base64,
  'in base64 after one byte': (value) => base64(Buffer.concat([Buffer.from('a'), value])),
  'in base64 between others': (value) => base64(Buffer.concat([Buffer.from('ab'), value, Buffer.from('c')])),
  'in base64 of URLs': (value) => value.toString('base64url'),
  'in hex': (value) => value.toString('hex'),
  'in upper-case hex': (value) => value.toString('hex').toUpperCase(),
  'percent-encoded throughout': (value) => each(value, (code) => `%${hex(code)}`),
  'in \\u escapes': (value) => each(value, (code) => `\\u${hex(code, 4)}`),
  'taken for Latin-1': (value) => Buffer.from(value.toString('latin1'), 'utf8'),
  'packed as Helm packs': (value) => base64(base64(gzipSync(Buffer.concat([value, Buffer.alloc(200, 'x')])))),
};

const TEXT: Readonly<Record<string, Hide>> = {
  'percent-encoded': (value) => encodeURIComponent(value.toString()),
  'in JSON': (value) => JSON.stringify(value.toString()),
  'in JSON in JSON': (value) => JSON.stringify(JSON.stringify(value.toString())),
  'in YAML': (value) => stringify({ value: value.toString() }),
};

const shapes: readonly SeedShape[] = ['Plain', 'Quoted', 'Binary', 'Number', 'Token'];
const noise = (text: string | Buffer): Buffer =>
  Buffer.concat([Buffer.alloc(999, '{"k":'), Buffer.from(text), Buffer.alloc(99, '.')]);

function found(shape: SeedShape, hide: Hide): boolean {
  const seed = newSeed(shape);
  const others = shapes.map(newSeed);
  const value = shape === 'Binary' ? seed.core : Buffer.from(seed.text);
  const findings = newSeedSearch([...others, seed]).search(noise(hide(value)), 'here');
  return findings.length > 0 && findings.every((finding) => finding.seed === seed);
}

describe.each(shapes)('a %s seed is found', (shape) => {
  const forms = shape === 'Binary' ? EVERY_SHAPE : { ...EVERY_SHAPE, ...TEXT };
  test.each(Object.entries(forms))('%s', (_, hide) => expect(found(shape, hide)).toBe(true));
});

test('a seed that was cut in two is found by what is left of it', () => {
  const { core, ...seed } = newSeed('Plain');
  for (let cut = 1; cut < core.length; cut++) {
    const bytes = Buffer.concat([core.subarray(0, cut), Buffer.from('\n'), core.subarray(cut)]);
    expect(newSeedSearch([{ ...seed, core }]).search(bytes, 'here'), `cut at ${cut}`).not.toEqual([]);
  }
});

test('what is no seed is not found', () => {
  const search = newSeedSearch(shapes.map(newSeed));
  expect(shapes.flatMap((shape) => search.search(noise(newSeed(shape).text), 'here'))).toEqual([]);
});
