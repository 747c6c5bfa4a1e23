import { forgeKey, forgeToken } from '../authn/token-forge.ts';
import type { BrokenInput, BrokenInputs, TokenMaterial } from './broken-input.ts';
import { get } from './broken-input-requests.ts';

type Claims = readonly (readonly [name: string, value: unknown])[];

const parts = [get('/version')];
const bearing = (token: BrokenInput['token'] & {}, outcome: BrokenInput['outcome'] = 401): BrokenInput => ({
  parts,
  token,
  outcome,
  staysOpen: true,
});
/** Well signed by the issuer, with claims that are none of its own. */
const claiming = (...claims: Claims): BrokenInput => bearing(({ mint }) => mint({ claims }));
/** A good token taken apart and put together otherwise. */
const reassembled = (change: (segments: readonly [string, string, string]) => string): BrokenInput =>
  bearing(async ({ good }) => {
    const [header = '', claims = '', signature = ''] = good.split('.');
    return change([header, claims, signature]);
  });
/** What is no token by its form closes the connection, as all does that is refused for its form. */
const closing = ({ parts: written, token, outcome }: BrokenInput): BrokenInput => ({
  parts: written,
  outcome,
  ...(token === undefined ? {} : { token }),
});

const foreignKey = forgeKey('foreign');
/** Signed by another key, under a header that says where to find that key, or that there is no need to. */
const signedByAnother = (header: (own: Readonly<Record<string, unknown>>) => unknown): BrokenInput =>
  bearing(async ({ good }: TokenMaterial) => {
    const [own = '', claims = ''] = good.split('.');
    return forgeToken({ header: header(decode(own)), claims: decode(claims), key: foreignKey });
  });

function decode(part: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  if (typeof value !== 'object' || value === null) throw new TypeError('no part of a token');
  return { ...value };
}

const issuerOf = (token: string): string => String(decode(token.split('.')[1] ?? '')['iss']);

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Tokens that say what they may not, or are not what they say. */
export const TOKEN_FORGERIES: BrokenInputs = {
  'without a signature, by the algorithm none': bearing(({ mint }) => mint({ algorithm: 'none' })),
  'without a signature, by the algorithm nOnE': reassembled(
    ([, claims]) => `${encode({ alg: 'nOnE', typ: 'JWT' })}.${claims}.`,
  ),
  'with the public key as a secret': bearing(({ mint }) => mint({ algorithm: 'HS256' })),
  'with the public key as a secret, by SHA-512': bearing(({ mint }) => mint({ algorithm: 'HS512' })),
  "of another's key under the issuer's name for its own": signedByAnother((own) => own),
  'with the key in the header': signedByAnother((own) => ({ ...own, jwk: foreignKey.jwk })),
  'with an address of the key': signedByAnother((own) => ({ ...own, jku: 'https://127.0.0.1:9/keys' })),
  'with an address of a certificate': signedByAnother((own) => ({ ...own, x5u: 'https://127.0.0.1:9/chain' })),
  'with a certificate': signedByAnother((own) => ({ ...own, x5c: ['MIIB'] })),
  'with a path for a key': signedByAnother((own) => ({ ...own, kid: '../../../../dev/null' })),
  'with a key that nobody has': signedByAnother((own) => ({ ...own, kid: 'a'.repeat(10_000) })),
  'with an extension that has to be understood': signedByAnother((own) => ({ ...own, crit: ['b64'], b64: false })),
  'of other claims under a good signature': reassembled(
    ([header, claims, signature]) =>
      `${header}.${encode({ ...decode(claims), email: 'admin@example.com' })}.${signature}`,
  ),
  'of another header under a good signature': reassembled(
    ([header, claims, signature]) => `${encode({ ...decode(header), typ: 'JOSE' })}.${claims}.${signature}`,
  ),
  'with one bit of the signature turned': reassembled(
    ([header, claims, signature]) =>
      `${header}.${claims}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
  ),
  'without its signature': reassembled(([header, claims]) => `${header}.${claims}.`),
  'in two parts': reassembled(([header, claims]) => `${header}.${claims}`),
  'in four parts': reassembled((segments) => [...segments, segments[2]].join('.')),
  'in the five parts of one that is encrypted': reassembled((segments) => [...segments, 'a', 'b'].join('.')),
  twice: closing(reassembled((segments) => `${segments.join('.')}, Bearer ${segments.join('.')}`)),
  padded: reassembled((segments) => `${segments.join('.')}==`),
  'as JSON': closing(
    reassembled(([header, payload, signature]) => JSON.stringify({ payload, protected: header, signature })),
  ),
  'in base64 once more': reassembled((segments) => Buffer.from(segments.join('.')).toString('base64url')),
  expired: bearing(({ mint }) => mint({ expiresIn: -60 })),
  'good tomorrow': bearing(({ mint }) => mint({ notBefore: 86_400 })),
  'without an end': claiming(['exp', null]),
  'with an end in words': claiming(['exp', 'never']),
  'with an end past all numbers': claiming(['exp', 1e300]),
  'for somebody else': bearing(({ mint }) => mint({ audiences: ['https://elsewhere.example.com'] })),
  'for nobody': claiming(['aud', null]),
  'for everybody': claiming(['aud', '*']),
  'of another issuer': bearing(({ mint }) => mint({ issuer: 'https://elsewhere.example.com' })),
  'of the issuer, with a slash': bearing(({ good, mint }) => mint({ issuer: `${issuerOf(good)}/` })),
  'of no issuer': claiming(['iss', null]),
  'of two issuers': claiming(['iss', ['a', 'b']]),
  'of nobody': claiming(['email', null]),
  'of an empty name': claiming(['email', '']),
  'of a padded name': claiming(['email', 'agent@example.com ']),
  'of a name with a line break': claiming(['email', 'agent@example.com\nImpersonate-User: admin']),
  'of the cluster itself': claiming(['email', 'system:admin']),
  'of a ServiceAccount': claiming(['email', 'system:serviceaccount:kube-system:default']),
  'of the masters': claiming(['groups', ['system:masters']]),
  'of a group without a name': claiming(['groups', ['']]),
  'of a group that is a number': claiming(['groups', [0]]),
  'of an address that nobody has verified': claiming(['email_verified', false]),
};
