import { type CredentialName, credentialName } from '../credential-names.ts';
import { type Assigned, assignedValue } from './assigned-value.ts';
import { type Detector, matchAt, type Span } from './detector.ts';
import { isVaried, looksRandom, standsForValue } from './shown-values.ts';

const NAME_BEFORE = /[A-Za-z0-9_.-]{0,64}$/;
const NAME_AFTER = /[A-Za-z0-9_-]{0,48}/y;
const LONGEST_NAME_BEFORE = 64;

/** Names of credentials, by what their anchors have in common. A name is judged as a whole by credentialName. */
export const credential: Detector = {
  name: 'credential',
  kind: undefined,
  description:
    'what is assigned to a name such as `password`, `DB_PASSWORD`, `--token`, `client_secret`, `apiKey`, in shells, YAML, JSON, properties, URLs',
  example: 'DB_PASSWORD=…',
  anchors: [
    'password',
    'passwd',
    'passphrase',
    'passcode',
    'pwd',
    '_pass',
    '-pass',
    'token',
    'secret',
    'api_key',
    'api-key',
    'apikey',
    'api.key',
    'access_key',
    'access-key',
    'accesskey',
    'private_key',
    'private-key',
    'privatekey',
    'encryption_key',
    'encryption-key',
    'encryptionkey',
    'signing_key',
    'signing-key',
    'signingkey',
    'master_key',
    'master-key',
    'masterkey',
    'account_key',
    'account-key',
    'auth_key',
    'auth-key',
    'credential',
  ],
  match(text, at) {
    const name = nameAround(text, at);
    const promise = name === undefined ? undefined : credentialName(text.slice(name.start, name.end));
    if (name === undefined || promise === undefined) return undefined;
    const assigned = assignedValue(text, name.start, name.end);
    return assigned !== undefined && isCredential(text.slice(assigned.start, assigned.end), promise, assigned)
      ? assigned
      : undefined;
  },
};

/** The name that an anchor stands in, without the dashes of a flag. */
function nameAround(text: string, at: number): Span | undefined {
  const from = Math.max(0, at - LONGEST_NAME_BEFORE);
  const before = NAME_BEFORE.exec(text.slice(from, at + 1).slice(0, -1))?.[0] ?? '';
  const after = matchAt(NAME_AFTER, text, at)?.[0] ?? '';
  // A letter that ends an escape (`\n`, `\u0026`) is read as part of the name: it changes nothing about how the name ends.
  const dashes = /^-*/.exec(before)?.[0].length ?? 0;
  const start = at - before.length + dashes;
  return start > at ? undefined : { start, end: at + after.length };
}

function isCredential(value: string, promise: CredentialName, { delimited }: Assigned): boolean {
  if (value.length < 3 || standsForValue(value)) return false;
  // What reads on is prose: `password: the one that you chose`.
  if (/\s/.test(value) && (value.match(/\s/g) ?? []).length > 3) return false;
  if (promise === 'Token') return value.length >= 8 && looksRandom(value) && isVaried(value, 5) && !isReference(value);
  return delimited ? isVaried(value, 2) : value.length >= 6 && /[0-9!@#$%^*]/.test(value);
}

/** Names of objects also mix letters and digits: `db-secret-2`, `kube-system/token-v2`; and code calls functions. */
function isReference(value: string): boolean {
  return (
    /^[A-Za-z_][\w.]*\(/.test(value) || (/^[a-z0-9]+(?:[-./][a-z0-9]+)+$/.test(value) && !/[a-z0-9]{16}/.test(value))
  );
}
