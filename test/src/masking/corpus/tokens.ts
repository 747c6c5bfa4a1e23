import type { SpecialCell } from './cells.ts';
import { NAMESPACE } from './corpus-cluster.ts';
import { ENCODINGS, MEDIA_TYPES, written } from './encodings.ts';
import { mintedSeed, newSeed } from './seeds.ts';
import { encoded } from './stage.ts';

const SIGNED = /eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{24,}/u;
const TOKEN_REQUEST = {
  apiVersion: 'authentication.k8s.io/v1',
  kind: 'TokenRequest',
  metadata: {},
  spec: { audiences: ['corpus'] },
};

/** The API server mints a token, which only the answer holds. */
const minted: SpecialCell = {
  kind: 'TokenRequest',
  operation: 'create',
  encodings: ENCODINGS,
  async drive(stage, encoding) {
    const call = { method: 'POST', path: `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/default/token` } as const;
    const body = await encoded(stage, call, TOKEN_REQUEST, encoding);
    const type = MEDIA_TYPES[encoding];
    const { bytes } = await stage.through({ ...call, body, type, accept: type, expected: [201] });
    return [mintedSeed(SIGNED.exec(bytes.toString('latin1'))?.[0] ?? '')];
  },
};

/** A caller sends back what such a call answered. */
const returned: SpecialCell = {
  kind: 'TokenRequest',
  operation: 'create, with a status',
  encodings: ['JSON', 'YAML', 'CBOR'],
  async drive(stage, encoding) {
    const seed = newSeed('Plain');
    const call = { method: 'POST', path: `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/default/token` } as const;
    const value = {
      ...TOKEN_REQUEST,
      status: { token: seed.text, expirationTimestamp: '2040-01-01T00:00:00Z' },
    };
    // What the API server would write would hold a token of its own.
    const body = written(value, encoding === 'protobuf' ? 'JSON' : encoding);
    await stage.through({ ...call, body, type: MEDIA_TYPES[encoding], expected: [201] });
    return [seed];
  },
};

const reviewed: SpecialCell = {
  kind: 'TokenReview',
  operation: 'create',
  encodings: ENCODINGS,
  async drive(stage, encoding) {
    const seed = newSeed('Plain');
    const call = { method: 'POST', path: '/apis/authentication.k8s.io/v1/tokenreviews' } as const;
    const value = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      metadata: {},
      spec: { token: seed.text },
    };
    const body = await encoded(stage, call, value, encoding);
    const type = MEDIA_TYPES[encoding];
    await stage.through({ ...call, body, type, accept: type, expected: [201] });
    return [seed];
  },
};

export const TOKENS: readonly SpecialCell[] = [minted, returned, reviewed];
