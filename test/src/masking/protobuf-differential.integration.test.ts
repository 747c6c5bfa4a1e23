import { jsonText } from '@chaperone/proxy/masking/codec/json-text';
import {
  decodeProtobuf,
  decodeProtobufWatchFrame,
  type ProtobufOptions,
} from '@chaperone/proxy/masking/codec/protobuf/decode-protobuf';
import { describedKinds } from '@chaperone/proxy/masking/codec/protobuf/descriptors';
import { DESCRIPTORS } from '@chaperone/proxy/masking/codec/protobuf/generated/descriptors';
import {
  UndecodableBody,
  type BodyDocument,
  type LiteralValue,
  type TextValue,
  type Value,
} from '@chaperone/proxy/masking/document';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { brokenBytes, brokenFields } from './protobuf-mutations.ts';
import { newProtobufOracle, parseJson, withoutEmpty, type ProtobufOracle, type Sample } from './protobuf-samples.ts';

const SEED = 20_260;
const NO_EDITS = new Map<TextValue | LiteralValue, string>();

let directory = '';
let oracle: ProtobufOracle;
let samples: readonly Sample[];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'protobuf-'));
  oracle = await newProtobufOracle(directory);
  samples = await oracle.samples(SEED, 4);
}, 600_000);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

function decode(body: Buffer, options?: ProtobufOptions): BodyDocument {
  return body.subarray(0, 4).toString('latin1') === 'k8s\0'
    ? decodeProtobuf(body, {}, options)
    : decodeProtobufWatchFrame(body, options);
}

const comparable = (value: Value): unknown => withoutEmpty(parseJson(jsonText(value, NO_EDITS)));

/** All texts and literals that are not the name of a field: keys of maps, too. */
function leaves(value: Value, into: (TextValue | LiteralValue)[] = []): (TextValue | LiteralValue)[] {
  if (value.kind === 'object') {
    for (const member of value.members) {
      into.push(member.key);
      leaves(member.value, into);
    }
  } else if (value.kind === 'list') for (const item of value.items) leaves(item, into);
  else into.push(value);
  return into;
}

describe("Chaperone's reading of protobuf and Kubernetes' own", () => {
  test('rest on the same descriptors', async () => {
    expect(DESCRIPTORS.trim()).toBe((await oracle.descriptors()).trim());
  });

  test('are equal for random objects of every kind, whose bytes survive', () => {
    const seen = new Set<string>();
    for (const { apiVersion, kind, protobuf, json } of samples) {
      const document = decode(protobuf);
      expect(comparable(document.root), `${apiVersion} ${kind}`).toEqual(withoutEmpty(json));
      expect(document.encode(NO_EDITS).equals(protobuf)).toBe(true);
      seen.add(`${apiVersion} ${kind}`);
    }
    const described = describedKinds().filter(({ apiVersion }) => apiVersion !== '*');
    expect(described.filter(({ apiVersion, kind }) => !seen.has(`${apiVersion} ${kind}`))).toEqual([]);
    expect(described.length).toBeGreaterThan(300);
  });

  test('are equal for objects in which any text was replaced', async () => {
    const bodies: Buffer[] = [];
    const wanted: unknown[] = [];
    let edited = 0;
    for (const [index, { protobuf }] of samples.entries()) {
      const document = decode(protobuf);
      const edits = new Map<TextValue | LiteralValue, string>();
      for (const [at, leaf] of leaves(document.root).entries()) {
        const text = replacement(leaf, `masked ${index} ${at} ${'é'.repeat(at % 90)}`);
        // apiVersion and kind come first: with others it would be another object.
        if (at < 4 || (index + at) % 3 !== 0 || !editable(document, leaf, text)) continue;
        edits.set(leaf, text);
      }
      edited += edits.size;
      bodies.push(document.encode(edits));
      wanted.push(withoutEmpty(parseJson(jsonText(document.root, edits))));
    }
    const readings = await oracle.read(bodies);
    for (const [index, body] of bodies.entries()) {
      const sample = samples[index];
      const what = `${sample?.apiVersion} ${sample?.kind}`;
      expect(comparable(decode(body).root), what).toEqual(wanted[index]);
      const reading = readings[index];
      expect(reading === undefined ? undefined : withoutEmpty(reading), what).toEqual(wanted[index]);
    }
    expect(edited).toBeGreaterThan(5_000);
  });

  test.each([
    ['bytes', brokenBytes, 30_000, 100],
    ['fields', brokenFields, 30_000, 2_000],
  ] as const)(
    'are equal for bodies with broken %s, or the body is refused',
    async (_, broken, count, fewest) => {
      const bodies = broken(
        samples.filter(isComparable).map(({ protobuf }) => protobuf),
        count,
        SEED,
      );
      const accepted = bodies.flatMap((body) => {
        const value = accept(body);
        return value === undefined ? [] : [{ body, value }];
      });
      const readings = await oracle.read(accepted.map(({ body }) => body));
      let equal = 0;
      for (const [index, { body, value }] of accepted.entries()) {
        const reading = readings[index];
        // What Kubernetes refuses no server and no client takes: nothing passes by it.
        if (reading === undefined) continue;
        expect(value, body.toString('base64')).toEqual(withoutEmpty(reading));
        equal += 1;
      }
      // What was tried: mutations gone dull would prove nothing.
      expect(equal).toBeGreaterThan(fewest);
      expect(bodies.length - accepted.length).toBeGreaterThan(5_000);
    },
    120_000,
  );
});

/** Where the value tells by itself that it cannot be edited, or what it takes is no text of any kind. */
function editable(document: BodyDocument, leaf: TextValue | LiteralValue, text: string): boolean {
  try {
    document.encode(new Map([[leaf, text]]));
    return true;
  } catch (error) {
    if (error instanceof UndecodableBody) return false;
    throw error;
  }
}

function replacement(leaf: TextValue | LiteralValue, text: string): string {
  return leaf.kind === 'text' && leaf.bytes ? Buffer.from(text).toString('base64') : text;
}

/** Kubernetes writes a Quantity in its canonical form, whatever it has read. */
function isComparable({ protobuf, json }: Sample): boolean {
  return protobuf.length < 2_000 && !/capacity|quantity|resources|limits|requests|metric/i.test(JSON.stringify(json));
}

/** What is read in the bytes; undefined where they are refused. Any other error fails the test. */
function accept(body: Buffer): unknown {
  try {
    return comparable(decode(body).root);
  } catch (error) {
    if (error instanceof UndecodableBody) return undefined;
    throw error;
  }
}
