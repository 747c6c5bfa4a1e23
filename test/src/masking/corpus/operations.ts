import { setTimeout as sleep } from 'node:timers/promises';
import { ENCODINGS, MEDIA_TYPES, written, type Encoding, type JsonObject } from './encodings.ts';
import type { CorpusKind } from './kinds.ts';
import { newSeedSearch } from './search.ts';
import type { Seed } from './seeds.ts';
import { collectionOf, encoded, newName, objectOf, seedsFor, type Stage } from './stage.ts';

/** What is done with objects of a kind. Resolves with the seeds that passed the gateway. */
export interface Operation {
  readonly name: string;
  readonly encodings: (kind: CorpusKind) => readonly Encoding[];
  readonly drive: (stage: Stage, kind: CorpusKind, encoding: Encoding) => Promise<readonly Seed[]>;
}

const all = (kind: CorpusKind): readonly Encoding[] => kind.encodings;
const FINALIZER = { finalizers: ['corpus.chaperone.test/kept'] };

interface Existing {
  readonly name: string;
  readonly seeds: readonly Seed[];
  readonly appliedSeeds: readonly Seed[];
}

/** Makes an object beside the gateway. */
export async function existing(stage: Stage, kind: CorpusKind, metadata: JsonObject = {}): Promise<Existing> {
  const name = newName();
  const seeds = seedsFor(kind);
  const appliedSeeds = seedsFor(kind);
  const body = written(objectOf(kind, { name, seeds, appliedSeeds, metadata }), 'JSON');
  await stage.direct({ method: 'POST', path: collectionOf(kind), body, expected: [201] });
  return { name, seeds, appliedSeeds };
}

const create: Operation = {
  name: 'create',
  encodings: all,
  async drive(stage, kind, encoding) {
    const seeds = seedsFor(kind);
    const call = { method: 'POST', path: collectionOf(kind) } as const;
    const body = await encoded(stage, call, objectOf(kind, { name: newName(), seeds }), encoding);
    const type = MEDIA_TYPES[encoding];
    await stage.through({ ...call, body, type, accept: type, expected: [201] });
    return seeds;
  },
};

const replace: Operation = {
  name: 'replace',
  encodings: all,
  async drive(stage, kind, encoding) {
    const { name, seeds: before } = await existing(stage, kind);
    const path = `${collectionOf(kind)}/${name}`;
    const type = MEDIA_TYPES[encoding];
    const read = await stage.direct({ path, accept: type, expected: [200] });
    // Hardly anything of a Pod may be replaced: it goes back as it was.
    const isPod = kind.kind === 'Pod';
    const seeds = isPod ? before : seedsFor(kind);
    const body = isPod ? read.bytes : await replacement(stage, kind, { name, seeds, path, encoding });
    await stage.through({ method: 'PUT', path, body, type, accept: type, expected: [200] });
    return seeds;
  },
};

interface Replacement {
  readonly name: string;
  readonly seeds: readonly Seed[];
  readonly path: string;
  readonly encoding: Encoding;
}

/** A custom resource is replaced only by what says which version of it was read. */
async function replacement(stage: Stage, kind: CorpusKind, { name, seeds, path, encoding }: Replacement) {
  const { bytes } = await stage.direct({ path, expected: [200] });
  const resourceVersion = /"resourceVersion":"(\d+)"/u.exec(bytes.toString())?.[1] ?? '';
  return encoded(
    stage,
    { method: 'PUT', path },
    objectOf(kind, { name, seeds, metadata: { resourceVersion } }),
    encoding,
  );
}

/** The patch as JSON; what is asked for is the encoding of the answer. */
function patching(name: string, type: string, body: (kind: CorpusKind, seeds: readonly Seed[]) => Buffer): Operation {
  return {
    name,
    encodings: (kind) => (name !== 'strategic-merge-patch' || kind.strategic ? kind.encodings : []),
    async drive(stage, kind, encoding) {
      const before = await existing(stage, kind);
      const seeds = seedsFor(kind);
      const { bytes } = await stage.through({
        method: 'PATCH',
        path: `${collectionOf(kind)}/${before.name}`,
        type,
        body: body(kind, seeds),
        accept: MEDIA_TYPES[encoding],
        expected: kind.kind === 'Pod' ? [422] : [200],
      });
      // What stays as it was is in the answer, and so is what was to be replaced and may not.
      const shown = newSeedSearch([...before.seeds, ...before.appliedSeeds]).search(bytes, 'answer');
      return [...seeds, ...new Set(shown.map(({ seed }) => seed))];
    },
  };
}

const tested = (operations: readonly JsonObject[]): readonly JsonObject[] =>
  operations.flatMap((operation) => [operation, { ...operation, op: 'test' }]);

const apply: Operation = {
  name: 'apply',
  encodings: all,
  async drive(stage, kind, encoding) {
    const seeds = seedsFor(kind);
    const name = newName();
    const body = written(objectOf(kind, { name, seeds }), encoding === 'protobuf' ? 'YAML' : encoding);
    const type = `application/apply-patch+${encoding === 'CBOR' ? 'cbor' : 'yaml'}`;
    const path = `${collectionOf(kind)}/${name}?fieldManager=corpus`;
    await stage.through({ method: 'PATCH', path, type, body, accept: MEDIA_TYPES[encoding], expected: [201] });
    return seeds;
  },
};

interface Read {
  readonly name: string;
  readonly accept?: (type: string) => string;
  readonly path: (collection: string, name: string) => string;
  /** Of metadata alone: nothing else of the object is shown. */
  readonly metadataAlone?: boolean;
  readonly without?: readonly Encoding[];
}

const as = (kind: string) => (type: string) => `${type};as=${kind};g=meta.k8s.io;v=v1`;
const one = (collection: string, name: string): string => `${collection}/${name}`;
const many = (collection: string, name: string): string => `${collection}?labelSelector=cell%3D${name}`;
const watched =
  (more: string) =>
  (collection: string, name: string): string =>
    `${many(collection, name)}&watch=true&timeoutSeconds=1&${more}`;
const INITIAL = 'sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan';

const READS: readonly Read[] = [
  { name: 'get', path: one },
  { name: 'list', path: many },
  // The API server prints columns in JSON and YAML alone.
  { name: 'Table', path: many, accept: as('Table'), metadataAlone: true, without: ['protobuf', 'CBOR'] },
  {
    name: 'Table, includeObject',
    path: (collection, name) => `${many(collection, name)}&includeObject=Object`,
    accept: as('Table'),
    without: ['protobuf', 'CBOR'],
  },
  { name: 'PartialObjectMetadata', path: one, accept: as('PartialObjectMetadata'), metadataAlone: true },
  { name: 'PartialObjectMetadataList', path: many, accept: as('PartialObjectMetadataList'), metadataAlone: true },
  { name: 'watch', path: watched('resourceVersion=0'), without: ['YAML'] },
  { name: 'watch, initial events', path: watched(INITIAL), without: ['YAML'] },
  {
    name: 'watch, Table',
    path: watched(INITIAL),
    accept: as('Table'),
    metadataAlone: true,
    without: ['YAML', 'protobuf', 'CBOR'],
  },
];

const reading = ({ name, accept = (type) => type, path, metadataAlone = false, without = [] }: Read): Operation => ({
  name,
  encodings: (kind) => kind.encodings.filter((encoding) => !without.includes(encoding)),
  async drive(stage, kind, encoding) {
    const isWatch = name.startsWith('watch');
    for (let attempt = 1; ; attempt++) {
      const of = await existing(stage, kind);
      const collection = collectionOf(kind);
      // The last event of a watch carries the object once more.
      const deleted = isWatch
        ? sleep(attempt * 300).then(() => stage.direct({ method: 'DELETE', path: one(collection, of.name) }))
        : undefined;
      const call = { path: path(collection, of.name), accept: accept(MEDIA_TYPES[encoding]), expected: [200] };
      const { bytes } = await stage.through(call);
      await deleted;
      // On a slow machine the object may have gone before the watch began.
      if (isWatch && !bytes.includes(of.name) && attempt < MOST_ATTEMPTS) continue;
      return [...(metadataAlone ? [] : of.seeds), ...of.appliedSeeds];
    }
  },
});

const MOST_ATTEMPTS = 5;

const deleting = (name: string, path: Read['path']): Operation => ({
  name,
  encodings: all,
  async drive(stage, kind, encoding) {
    // What waits for a finalizer is shown in the answer.
    const { name: of, seeds, appliedSeeds } = await existing(stage, kind, FINALIZER);
    const accept = MEDIA_TYPES[encoding];
    await stage.through({ method: 'DELETE', path: path(collectionOf(kind), of), accept, expected: [200, 202] });
    return [...seeds, ...appliedSeeds];
  },
});

const lastApplied: Operation = {
  name: 'last-applied annotation',
  encodings: all,
  async drive(stage, kind, encoding) {
    const seeds = seedsFor(kind);
    const call = { method: 'POST', path: collectionOf(kind) } as const;
    const object = objectOf(kind, { name: newName(), seeds: seedsFor(kind), appliedSeeds: seeds });
    const type = MEDIA_TYPES[encoding];
    const body = await encoded(stage, call, object, encoding);
    await stage.through({ ...call, body, type, accept: type, expected: [201] });
    return seeds;
  },
};

export const OPERATIONS: readonly Operation[] = [
  create,
  replace,
  patching('json-patch', 'application/json-patch+json', (kind, seeds) =>
    written(tested(kind.patch(seeds).operations), 'JSON'),
  ),
  patching('merge-patch', 'application/merge-patch+json', (kind, seeds) => written(kind.patch(seeds).merge, 'JSON')),
  patching('strategic-merge-patch', 'application/strategic-merge-patch+json', (kind, seeds) =>
    written(kind.patch(seeds).merge, 'JSON'),
  ),
  apply,
  ...READS.map(reading),
  deleting('delete', one),
  deleting('deletecollection', many),
  lastApplied,
];

/** Which cells of the cross product there are. */
export const encodingsOf = (operation: Operation, kind: CorpusKind): readonly Encoding[] =>
  ENCODINGS.filter((encoding) => operation.encodings(kind).includes(encoding));
