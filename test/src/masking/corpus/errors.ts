import type { SpecialCell } from './cells.ts';
import { ENCODINGS, MEDIA_TYPES, membersOf, written, type Encoding, type JsonObject } from './encodings.ts';
import { CONFIG_MAP, CUSTOM_RESOURCE, POD, SECRET, type CorpusKind } from './kinds.ts';
import { existing } from './operations.ts';
import { newSeed, type Seed } from './seeds.ts';
import { collectionOf, newName, objectOf, seedsFor } from './stage.ts';

const TEXTUAL: readonly Encoding[] = ENCODINGS.filter((encoding) => encoding !== 'protobuf');

interface Refused {
  readonly encodings?: readonly Encoding[];
  /** `judged`: the gateway asks first, and its own refusal says what the API server said. */
  readonly by?: 'through' | 'judged';
}

/** An object that the API server refuses to create, with words that quote it or stand beside it. */
function refused(
  kind: CorpusKind,
  operation: string,
  make: (base: JsonObject, seed: Seed) => JsonObject,
  { encodings = TEXTUAL, by = 'through' }: Refused = {},
): SpecialCell {
  return {
    kind: kind.name,
    operation: `error: ${operation}${by === 'judged' ? ', of a dry run' : ''}`,
    encodings,
    async drive(stage, encoding) {
      const seeds = seedsFor(kind);
      const seed = newSeed('Quoted');
      const object = make(objectOf(kind, { name: newName(), seeds }), seed);
      const type = encoding === 'protobuf' ? 'JSON' : encoding;
      await stage[by]({
        method: 'POST',
        path: collectionOf(kind),
        body: written(object, type),
        type: MEDIA_TYPES[type],
        // What the answer is written in is another matter than what the request was.
        accept: MEDIA_TYPES[encoding],
        expected: by === 'judged' ? [403] : [400, 422],
      });
      return [...seeds, seed].filter((each) => holds(object, each));
    },
  };
}

/** What was put in the place of something else may have pushed a seed out. */
const holds = (object: JsonObject, { text }: Seed): boolean => {
  const whole = JSON.stringify(object);
  return [text, Buffer.from(text).toString('base64')].some((form) => whole.includes(JSON.stringify(form).slice(1, -1)));
};

const copiedToLabel = (base: JsonObject, { text }: Seed): JsonObject => ({
  ...base,
  metadata: { ...membersOf(base['metadata']), labels: { copied: text } },
  stringData: { copy: text },
});

const QUOTED_SECRET: CorpusKind = { ...SECRET, shapes: [], content: () => ({ type: 'Opaque' }) };

/** What may not change any more. */
const immutable = (kind: CorpusKind): SpecialCell => ({
  kind: kind.name,
  operation: 'error: immutable',
  encodings: kind.encodings,
  async drive(stage, encoding) {
    const { name } = await existing(stage, {
      ...kind,
      content: (seeds) => ({ ...kind.content(seeds), immutable: true }),
    });
    const seeds = seedsFor(kind);
    await stage.through({
      method: 'PATCH',
      path: `${collectionOf(kind)}/${name}`,
      body: written(kind.patch(seeds).merge, 'JSON'),
      type: 'application/merge-patch+json',
      accept: MEDIA_TYPES[encoding],
      expected: [422],
    });
    return seeds;
  },
});

/** What a decoder says of a body that is no document. */
const broken = (kind: CorpusKind, encoding: 'JSON' | 'YAML'): SpecialCell => ({
  kind: kind.name,
  operation: `error: broken ${encoding}`,
  encodings: [encoding],
  async drive(stage) {
    const seeds = seedsFor({ shapes: ['Plain', 'Plain'] });
    const whole = written(objectOf(kind, { name: newName(), seeds }), encoding).toString();
    const body = Buffer.from(encoding === 'JSON' ? whole.slice(0, -1) : `${whole}\n\tbroken: [${seeds[0]?.text ?? ''}`);
    await stage.through({
      method: 'POST',
      path: collectionOf(kind),
      body,
      type: MEDIA_TYPES[encoding],
      expected: [400],
    });
    return seeds;
  },
});

const SECRET_ERRORS: readonly (readonly [operation: string, make: Parameters<typeof refused>[2], more?: Refused])[] = [
  ['value in a label', copiedToLabel, { encodings: ENCODINGS }],
  [
    'no base64',
    (base, { text }) => ({ ...base, data: { ...membersOf(base['data']), bad: text } }),
    { encodings: ENCODINGS },
  ],
  ['data of another type', (base, { text }) => ({ ...base, data: text })],
  ['values of another type', (base, { text }) => ({ ...base, stringData: { deep: { deeper: [text] } } })],
  ['key with a blank', (base, { text }) => ({ ...base, stringData: { 'not a key': text } }), { encodings: ENCODINGS }],
  [
    'broken docker config',
    (base, { text }) => ({
      ...base,
      type: 'kubernetes.io/dockerconfigjson',
      stringData: { '.dockerconfigjson': `{"auths":"${text}` },
    }),
  ],
];

export const ERRORS: readonly SpecialCell[] = [
  ...SECRET_ERRORS.map(([operation, make, more]) => refused(SECRET, operation, make, more)),
  // Of a call that is refused no body is recorded: what the dry run quotes is all that there is.
  refused(QUOTED_SECRET, 'value in a label', copiedToLabel, {
    encodings: ['JSON', 'YAML', 'protobuf'],
    by: 'judged',
  }),
  refused(CONFIG_MAP, 'values of another type', (base, { text }) => ({
    ...base,
    data: { ...membersOf(base['data']), deep: { deeper: [text] } },
  })),
  refused(POD, 'values of another type', (base, { text }) => ({
    ...base,
    spec: { containers: [{ name: 'c', image: 'i', env: [{ name: 'V', value: [text] }] }] },
  })),
  refused(CUSTOM_RESOURCE, 'schema', (base, { text }) => ({
    ...base,
    spec: { ...membersOf(base['spec']), keys: [{ value: `${text}${'x'.repeat(300)}` }] },
  })),
  refused(CUSTOM_RESOURCE, 'values of another type', (base, { text }) => ({
    ...base,
    spec: { ...membersOf(base['spec']), keys: text },
  })),
  immutable(SECRET),
  immutable(CONFIG_MAP),
  ...[SECRET, CONFIG_MAP, POD, CUSTOM_RESOURCE].flatMap((kind) => [broken(kind, 'JSON'), broken(kind, 'YAML')]),
];
