import { gzipSync } from 'node:zlib';
import type { Encoding, JsonObject } from './encodings.ts';
import type { Seed, SeedShape } from './seeds.ts';

/** The group of the custom resources of the corpus. */
export const GROUP = 'corpus.chaperone.test';

/** What a part of the corpus is about: objects of one kind, with secrets where masking has to know them. */
export interface CorpusKind {
  readonly name: string;
  /** Of its collection, after the namespace. */
  readonly resource: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly encodings: readonly Encoding[];
  readonly shapes: readonly SeedShape[];
  /** What holds the seeds, in the order of the shapes: all of an object but what every object has. */
  readonly content: (seeds: readonly Seed[]) => JsonObject;
  /** What changes it, as a JSON Patch and as a merge patch. */
  readonly patch: (seeds: readonly Seed[]) => {
    readonly operations: readonly JsonObject[];
    readonly merge: JsonObject;
  };
  readonly strategic: boolean;
}

const base64 = (seed: Seed): string =>
  seed.shape === 'Binary' ? seed.text : Buffer.from(seed.text).toString('base64');

/** Entries `k0`, `k1`, ... */
const entries = (seeds: readonly Seed[], value: (seed: Seed) => string, prefix = 'k'): Record<string, string> =>
  Object.fromEntries(seeds.map((seed, index) => [`${prefix}${index}`, value(seed)]));

const add = (path: string, value: JsonObject[string]): JsonObject => ({ op: 'add', path, value });
const ALL: readonly Encoding[] = ['JSON', 'YAML', 'protobuf', 'CBOR'];
const core = { group: '', version: 'v1', strategic: true, encodings: ALL } as const;

/** A release as Helm keeps it: JSON, compressed, in base64, and that in the base64 of a Secret. */
function release(seeds: readonly Seed[]): string {
  const [value, manifest] = seeds;
  const secret = `apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\nstringData:\n  password: ${manifest?.text ?? ''}\n`;
  const json = JSON.stringify({
    name: 'web',
    version: 1,
    info: { status: 'deployed' },
    config: { password: value?.text ?? '' },
    manifest: `---\n${secret}`,
  });
  return Buffer.from(gzipSync(json).toString('base64')).toString('base64');
}

/** Secrets that a patch carries come in another key than those that are there. */
const patchEntries = (field: string, seeds: readonly Seed[], value: (seed: Seed) => string) => ({
  operations: [
    add(`/${field}/added`, 'YQ=='),
    ...Object.entries(entries(seeds, value, 'p')).map(([key, of]) => add(`/${field}/${key}`, of)),
  ],
  merge: { [field]: entries(seeds, value, 'p') },
});

export const SECRET: CorpusKind = {
  ...core,
  name: 'Secret',
  resource: 'secrets',
  kind: 'Secret',
  shapes: ['Plain', 'Quoted', 'Binary'],
  content: (seeds) => ({ type: 'Opaque', data: entries(seeds, base64) }),
  patch: (seeds) => patchEntries('data', seeds, base64),
};

export const HELM_RELEASE: CorpusKind = {
  ...core,
  name: 'Helm release',
  resource: 'secrets',
  kind: 'Secret',
  shapes: ['Plain', 'Plain'],
  content: (seeds) => ({ type: 'helm.sh/release.v1', data: { release: release(seeds) } }),
  patch: (seeds) => ({
    operations: [add('/data/release', release(seeds))],
    merge: { data: { release: release(seeds) } },
  }),
};

export const CONFIG_MAP: CorpusKind = {
  ...core,
  name: 'ConfigMap, rule',
  resource: 'configmaps',
  kind: 'ConfigMap',
  shapes: ['Plain', 'Quoted', 'Binary'],
  content: ([plain, quoted, binary]) => ({
    data: entries(
      [plain, quoted].filter((seed) => seed !== undefined),
      ({ text }) => text,
    ),
    binaryData: entries(
      [binary].filter((seed) => seed !== undefined),
      base64,
      'b',
    ),
  }),
  patch: (seeds) => patchEntries('data', seeds, ({ text }) => text),
};

const variables = (seeds: readonly Seed[]): JsonObject[] =>
  seeds.map(({ text }, index) => ({ name: `V${index}`, value: text }));

export const POD: CorpusKind = {
  ...core,
  name: 'Pod env, rule',
  resource: 'pods',
  kind: 'Pod',
  shapes: ['Plain', 'Quoted'],
  content: (seeds) => ({
    spec: {
      schedulerName: 'none',
      automountServiceAccountToken: false,
      containers: [{ name: 'main', image: 'none', env: variables(seeds) }],
    },
  }),
  // Refused, as variables cannot change, with words that quote them.
  patch: (seeds) => ({
    operations: [{ op: 'replace', path: '/spec/containers/0/env', value: variables(seeds) }],
    merge: { spec: { containers: [{ name: 'main', image: 'none', env: variables(seeds) }] } },
  }),
};

export const CUSTOM_RESOURCE: CorpusKind = {
  name: 'custom resource, rule',
  resource: 'vaults',
  group: GROUP,
  version: 'v1',
  kind: 'Vault',
  strategic: false,
  encodings: ['JSON', 'YAML', 'CBOR'],
  shapes: ['Plain', 'Quoted', 'Number'],
  content: (seeds) => ({ spec: vault(seeds) }),
  patch: (seeds) => ({
    operations: Object.entries(vault(seeds)).map(([key, value]) => add(`/spec/${key}`, value)),
    merge: { spec: vault(seeds) },
  }),
};

const vault = ([plain, quoted, number]: readonly Seed[]): JsonObject => ({
  credential: plain?.text ?? '',
  ...(quoted === undefined ? {} : { keys: [{ value: quoted.text }] }),
  ...(number === undefined ? {} : { pin: Number(number.text) }),
});

export const KINDS: readonly CorpusKind[] = [SECRET, HELM_RELEASE, CONFIG_MAP, POD, CUSTOM_RESOURCE];
