import type { SpecialCell } from './cells.ts';
import { ENCODINGS, MEDIA_TYPES, written, type Json } from './encodings.ts';
import { SECRET } from './kinds.ts';
import { existing } from './operations.ts';
import { collectionOf, newName, objectOf, seedsFor, type Stage } from './stage.ts';

const KIND = 'Secrets in a List';
const collection = collectionOf(SECRET);

function listOf(seeds: ReturnType<typeof seedsFor>[], name: string): Json {
  const items = seeds.map((own) => objectOf(SECRET, { name, seeds: own }));
  return { apiVersion: 'v1', kind: 'SecretList', metadata: {}, items };
}

const twoOf = (): ReturnType<typeof seedsFor>[] => [seedsFor(SECRET), seedsFor(SECRET)];

/** A list in a binary encoding is what the API server answers with: of objects that are there already. */
async function listFromServer(stage: Stage, encoding: 'protobuf' | 'CBOR') {
  const { name, seeds, appliedSeeds } = await existing(stage, SECRET);
  const path = `${collection}?labelSelector=cell%3D${name}`;
  const { bytes } = await stage.direct({ path, accept: MEDIA_TYPES[encoding], expected: [200] });
  return { body: bytes, seeds: [...seeds, ...appliedSeeds] };
}

/** Sent where one object belongs: the API server refuses it, and the record of the call has it all the same. */
const sent = (operation: string, method: 'POST' | 'PUT' | 'PATCH'): SpecialCell => ({
  kind: KIND,
  operation,
  encodings: ENCODINGS.filter((encoding) => method !== 'PATCH' || encoding !== 'protobuf'),
  async drive(stage, encoding) {
    const name = newName();
    const lists = twoOf();
    const { body, seeds } =
      encoding === 'protobuf' || encoding === 'CBOR'
        ? await listFromServer(stage, encoding)
        : { body: written(listOf(lists, name), encoding), seeds: lists.flat() };
    const type =
      method === 'PATCH' ? `application/apply-patch+${encoding === 'CBOR' ? 'cbor' : 'yaml'}` : MEDIA_TYPES[encoding];
    const path = method === 'POST' ? collection : `${collection}/${name}?fieldManager=corpus`;
    await stage.through({ method, path, body, type, expected: [400, 404, 409, 422, 500] });
    return seeds;
  },
});

/** As kubectl keeps what it was given: the list as a text in an object. */
const asText: SpecialCell = {
  kind: KIND,
  operation: 'last-applied annotation',
  encodings: ['JSON', 'YAML'],
  async drive(stage, encoding) {
    const lists = twoOf();
    const annotations = {
      'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(listOf(lists, newName())),
    };
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: newName(), annotations } };
    const path = collection.replace('secrets', 'configmaps');
    const type = MEDIA_TYPES[encoding];
    await stage.through({
      method: 'POST',
      path,
      body: written(object, encoding === 'YAML' ? 'YAML' : 'JSON'),
      type,
      expected: [201],
    });
    return lists.flat();
  },
};

/** Of all namespaces, where nothing in the request line says what is in the answer but the resource. */
const everywhere: SpecialCell = {
  kind: KIND,
  operation: 'list of all namespaces',
  encodings: ENCODINGS,
  async drive(stage, encoding) {
    const { name, seeds, appliedSeeds } = await existing(stage, SECRET);
    const path = `/api/v1/secrets?labelSelector=cell%3D${name}`;
    await stage.through({ path, accept: MEDIA_TYPES[encoding], expected: [200] });
    return [...seeds, ...appliedSeeds];
  },
};

export const LISTS: readonly SpecialCell[] = [
  sent('create', 'POST'),
  sent('replace', 'PUT'),
  sent('apply', 'PATCH'),
  asText,
  everywhere,
];
