import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { agent } from '@chaperone/test/policy/calls';
import { describe, expect, test } from 'vitest';
import { CallValues } from '../masking/engine/call-values.ts';
import { compileMasking } from '../masking/engine/masking.ts';
import { redacted } from '../masking/text/placeholder.ts';
import { newBodyCapture, newCaptureBudget } from './body-capture.ts';
import { recordBody, type RecordBodyOptions } from './recorded-body.ts';

interface Body extends Partial<Omit<RecordBodyOptions, 'capture' | 'masker'>> {
  readonly bytes: string | Buffer;
  readonly resource?: string;
  /** Of what is captured. */
  readonly captured?: number;
}

function recorded({ bytes, resource = 'configmaps', captured = 1_000_000, ...options }: Body) {
  const capture = newBodyCapture(newCaptureBudget(10_000_000), captured);
  // In chunks, as it comes.
  const buffer = Buffer.from(bytes);
  for (let at = 0; at < buffer.length; at += 100) capture.push(buffer.subarray(at, at + 100));
  const masking = compileMasking({ maskingRules: [] }, redacted);
  const { audit } = masking.maskingOf({ apiGroup: '', resource, subresource: '', namespace: 'n', identity: agent });
  return recordBody({
    capture,
    masker: audit,
    contentType: 'application/json',
    contentEncoding: undefined,
    isWatch: false,
    values: new CallValues(),
    requestDecoded: true,
    maximumBytes: 100_000,
    ...options,
  });
}

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');
const object = (name: string, data: unknown = {}): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, uid: `uid-${name}` }, data });
const TOKEN = `ghp_${'a1B2'.repeat(9)}`;

describe('a body on record', () => {
  test('is its very text where nothing in it is secret, with a digest', async () => {
    const bytes = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"n":9007199254740993,"z":1.50}';
    expect(await recorded({ bytes })).toMatchObject({
      object: bytes,
      decoded: true,
      facts: { bytes: bytes.length, mediaType: 'application/json', sha256: sha256(bytes) },
      reference: { name: 'a' },
    });
  });

  test('is JSON where it was YAML', async () => {
    const body = await recorded({
      bytes: 'apiVersion: v1\nkind: ConfigMap\ndata:\n  a: b\n',
      contentType: 'application/yaml',
    });
    expect(body.object).toBe('{"apiVersion":"v1","kind":"ConfigMap","data":{"a":"b"}}');
  });

  test('has no digest where something was masked: a short secret could be guessed by it', async () => {
    const bytes = JSON.stringify({ apiVersion: 'v1', kind: 'Secret', data: { pin: 'MTIzNA==' } });
    const { object: text, facts, counts } = await recorded({ bytes, resource: 'secrets' });
    expect(text).toBe('{"apiVersion":"v1","kind":"Secret","data":{"pin":"[MASKED:secret]"}}');
    expect(facts).not.toHaveProperty('sha256');
    expect(counts.get('secret')).toBe(1);
  });

  test('tells what a Status says', async () => {
    const bytes = JSON.stringify({
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      reason: 'NotFound',
      message: 'no',
    });
    expect((await recorded({ bytes })).status).toEqual({ status: 'Failure', reason: 'NotFound', message: 'no' });
  });

  test('that is no JSON though it says so is told by size and digest alone', async () => {
    const bytes = `{"kind":"Secret","data":{"a":"hidden`;
    expect(await recorded({ bytes })).toEqual({
      decoded: false,
      counts: new Map(),
      facts: { bytes: bytes.length, mediaType: 'application/json', omitted: 'Undecodable', sha256: sha256(bytes) },
    });
  });

  test('is inflated where it was compressed, also where its end is missing', async () => {
    const list = JSON.stringify({
      kind: 'ConfigMapList',
      apiVersion: 'v1',
      items: Array.from({ length: 200 }, (_, index) => ({
        metadata: { name: `name-${index}`, uid: sha256(String(index)) },
      })),
    });
    const bytes = gzipSync(list);
    expect((await recorded({ bytes, contentEncoding: 'gzip' })).object).toBe(list);
    const half = await recorded({ bytes, contentEncoding: 'gzip', captured: 300 });
    expect(half.object).toMatch(
      /^\{"kind":"ConfigMapList","apiVersion":"v1","items":\[\{"metadata":\{"name":"name-0",/,
    );
    expect(half.facts.omitted).toBe('Truncated');
    expect(JSON.parse(half.object ?? '')).toMatchObject({ kind: 'ConfigMapList' });
  });

  test('of a list that is too long has its first objects, masked, and is JSON', async () => {
    const items = Array.from(
      { length: 50 },
      (_, index) => `{"metadata":{"name":"s${index}"},"data":{"k":"c2VjcmV0LXZhbHVl"}}`,
    );
    const bytes = `{"kind":"SecretList","apiVersion":"v1","metadata":{},"items":[${items.join(',')}]}`;
    const body = await recorded({ bytes, resource: 'secrets', captured: 1_000 });
    expect(body.facts).toMatchObject({ bytes: bytes.length, omitted: 'Truncated' });
    expect(body.object).not.toContain('c2VjcmV0');
    expect(body.object).toContain('{"metadata":{"name":"s3"},"data":{"k":"[MASKED:secret]"}}');
    expect(JSON.parse(body.object ?? '')).toMatchObject({ kind: 'SecretList' });
  });

  test('of one object that is too large is told by size and digest alone', async () => {
    const bytes = JSON.stringify({ kind: 'ConfigMap', data: { a: 'x'.repeat(5_000) } });
    expect((await recorded({ bytes, captured: 1_000 })).facts).toMatchObject({
      omitted: 'Truncated',
      sha256: sha256(bytes),
    });
  });

  test('is cut where its text would be too long, and stays JSON', async () => {
    const body = await recorded({ bytes: object('a', { long: 'x'.repeat(5_000) }), maximumBytes: 300 });
    expect(body.facts.omitted).toBe('Truncated');
    expect(Buffer.byteLength(body.object ?? '')).toBeLessThanOrEqual(300);
    expect(JSON.parse(body.object ?? '')).toMatchObject({ metadata: { name: 'a' } });
  });

  test('of a watch is its events, a line each, as far as there is room', async () => {
    const event = (name: string): string => `{"type":"ADDED","object":${object(name)}}`;
    const bytes = `${event('a')}\n${event('b')}\n${event('c')}\n`;
    const whole = await recorded({ bytes, isWatch: true });
    expect(whole.facts.text).toBe(`${event('a')}\n${event('b')}\n${event('c')}`);
    const cut = await recorded({ bytes, isWatch: true, captured: 250 });
    expect(cut.facts).toMatchObject({ text: event('a'), omitted: 'Truncated' });
  });

  test('that is text has its tokens masked, and of a token that was cut in two there is nothing', async () => {
    const whole = await recorded({ bytes: `a line\nuse ${TOKEN} now\n`, contentType: 'text/plain' });
    expect(whole.facts.text).toMatch(/^a line\nuse \[MASKED:github-token\] now\n$/);
    const cut = await recorded({
      bytes: `a line\nuse ${TOKEN} now\n`,
      contentType: 'text/plain',
      captured: 25,
      maximumBytes: 25,
    });
    expect(cut.facts).toMatchObject({ omitted: 'Truncated' });
    expect(cut.facts.text).not.toContain('ghp_');
  });

  test('that is neither is told by size and digest alone', async () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x80]);
    expect((await recorded({ bytes, contentType: 'application/octet-stream' })).facts).toEqual({
      bytes: 4,
      mediaType: 'application/octet-stream',
      omitted: 'Binary',
      sha256: sha256(bytes),
    });
  });

  test('is nothing where nothing came', async () => {
    expect(await recorded({ bytes: '' })).toMatchObject({ facts: { bytes: 0 }, decoded: true });
  });
});
