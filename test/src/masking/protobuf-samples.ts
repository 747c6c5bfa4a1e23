import { buildProtobufProgram, runProtobufProgram } from '@chaperone/e2e/cluster/protobuf-program';

/** A number as JSON has it, letter for letter: JSON.parse would round it. */
export class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Json = null | boolean | string | NumberText | readonly Json[] | { readonly [key: string]: Json };

/** An object that Kubernetes wrote: in protobuf, and as JSON. */
export interface Sample {
  readonly apiVersion: string;
  readonly kind: string;
  readonly protobuf: Buffer;
  readonly json: Json;
}

/** What Kubernetes reads in a body; undefined where it refuses it. */
export type Reading = Json | undefined;

export interface ProtobufOracle {
  /** What the generated descriptors are made from. */
  descriptors(): Promise<string>;
  /** Random objects of every kind: the same for the same seed. */
  samples(seed: number, count: number): Promise<Sample[]>;
  /** In the order of the bodies. */
  read(bodies: readonly Buffer[]): Promise<Reading[]>;
}

/** Builds the Go program that answers with Kubernetes' own types, into the directory. */
export async function newProtobufOracle(directory: string): Promise<ProtobufOracle> {
  const binary = await buildProtobufProgram(directory);
  return {
    descriptors: () => runProtobufProgram(binary, ['descriptors']),
    async samples(seed, count) {
      const lines = linesOf(await runProtobufProgram(binary, ['samples', String(seed), String(count)]));
      return lines.map((line) => {
        const { apiVersion, kind, protobuf, json } = membersOf(parseJson(line));
        if (typeof apiVersion !== 'string' || typeof kind !== 'string' || typeof protobuf !== 'string')
          throw new TypeError('a sample is no sample');
        return { apiVersion, kind, protobuf: Buffer.from(protobuf, 'base64'), json: json ?? null };
      });
    },
    async read(bodies) {
      const input = bodies.map((body) => `${body.toString('base64')}\n`).join('');
      const answers = linesOf(await runProtobufProgram(binary, ['read'], input));
      if (answers.length !== bodies.length) throw new Error(`${answers.length} answers to ${bodies.length} bodies`);
      return answers.map((line) => membersOf(parseJson(line))['json']);
    },
  };
}

const linesOf = (text: string): string[] => (text === '' ? [] : text.trimEnd().split('\n'));

function membersOf(json: Json): { readonly [key: string]: Json } {
  if (typeof json !== 'object' || json === null || Array.isArray(json) || json instanceof NumberText)
    throw new TypeError('no object');
  return Object.fromEntries(Object.entries(json));
}

/** With numbers as they are written. */
export function parseJson(text: string): Json {
  const reviver = (_: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' ? new NumberText(context?.source ?? '') : value;
  const parsed: unknown = JSON.parse(text, reviver);
  return asJson(parsed);
}

function asJson(value: unknown): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (value instanceof NumberText) return value;
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, asJson(of)]));
  throw new TypeError(`no JSON: ${typeof value}`);
}

/**
 * In one order, and without what is empty: Kubernetes' JSON leaves some empty fields out and writes others, whatever the
 * protobuf holds.
 */
export function withoutEmpty(json: Json): Json {
  if (json === null || typeof json !== 'object' || json instanceof NumberText) return json;
  if (Array.isArray(json)) return json.map(withoutEmpty);
  const members = Object.entries(json)
    .map(([key, value]): [string, Json] => [key, withoutEmpty(value)])
    .filter(([, value]) => !isEmpty(value))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members);
}

function isEmpty(json: Json): boolean {
  if (json === null || json === false || json === '') return true;
  if (json instanceof NumberText) return json.text === '0';
  return typeof json === 'object' && Object.keys(json).length === 0;
}
