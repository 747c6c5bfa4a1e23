import { parseCommandLine } from './command-line.ts';
import type { TokenRequest } from './issue-token.ts';
import { IssuerError } from './issuer-error.ts';

/** The command line of `npm run token`, read. Files are named, not yet opened. */
export interface TokenOptions {
  readonly help: boolean;
  readonly state?: string;
  readonly keyFile?: string;
  readonly request: Omit<TokenRequest, 'key'>;
}

const OPTIONS = {
  user: { type: 'string' },
  groups: { type: 'string', multiple: true },
  claim: { type: 'string', multiple: true },
  'expires-in': { type: 'string' },
  'not-before': { type: 'string' },
  'issued-at': { type: 'string' },
  audience: { type: 'string', multiple: true },
  issuer: { type: 'string' },
  alg: { type: 'string' },
  kid: { type: 'string' },
  key: { type: 'string' },
  state: { type: 'string' },
  help: { type: 'boolean' },
} as const;

export const USAGE = `Prints a token of the local issuer on one line.

  npm run --silent token -- --user U [--groups a,b] [--claim k=v]... [--expires-in 600]

  --user U          sub and verified email
  --groups a,b      the groups claim; repeatable
  --claim k=v       sets any claim, last one wins; v is JSON, else a string; null drops the claim; repeatable
  --expires-in S    lifetime in seconds from now, 3600 unless given; negative for one that has expired
  --not-before S    nbf, in seconds from now; absent unless given
  --issued-at S     iat, in seconds from now; 0 unless given
  --audience a,b    instead of the issuer's own; several make an array; repeatable
  --issuer URL      instead of the issuer's own

To forge:
  --alg ALG         RS256 unless given; none: no signature; HS256: keyed with the issuer's public key
  --kid KID         the kid header, whatever key signs
  --key FILE        signs with this key (PEM or JWK; the secret for HS256) under the kid of the issuer's

  --state DIR       the issuer's directory; .run/issuer of this checkout unless given
`;

const DEFAULT_LIFETIME = '3600';
const ALGORITHM = /^(none|(HS|RS|PS|ES)(256|384|512)|EdDSA)$/;

/** Reads the command line; throws IssuerError `BadOption` with everything that is wrong with it. */
export function parseTokenOptions(args: readonly string[]): TokenOptions {
  const values = parseCommandLine(args, OPTIONS);
  const problems: string[] = [];
  const help = values.help === true;
  const { user = '', alg } = values;
  if (user === '' && !help) problems.push('--user is missing: give the name that becomes sub and email');
  if (alg !== undefined && !ALGORITHM.test(alg)) {
    problems.push(`--alg ${alg} is no algorithm: give none, HS256, RS256, PS256, ES256, their 384 and 512, or EdDSA`);
  }
  const seconds = (name: string, text: string): number => {
    if (!/^[+-]?\d{1,12}$/.test(text)) problems.push(`--${name} ${text} is no whole number of seconds`);
    return Number(text);
  };
  const claims = (values.claim ?? []).flatMap((text) => {
    const claim = parseClaim(text);
    if (claim === undefined) problems.push(`--claim ${text} is not of the form name=value`);
    return claim === undefined ? [] : [claim];
  });
  const request: TokenOptions['request'] = {
    user,
    groups: list(values.groups ?? []).filter((group) => group !== ''),
    expiresIn: seconds('expires-in', values['expires-in'] ?? DEFAULT_LIFETIME),
    claims,
    ...optional('issuedAt', values['issued-at'], (text) => seconds('issued-at', text)),
    ...optional('notBefore', values['not-before'], (text) => seconds('not-before', text)),
    ...optional('audiences', values.audience, list),
    ...optional('issuer', values.issuer, String),
    ...optional('algorithm', alg, String),
    ...optional('kid', values.kid, String),
  };
  if (problems.length > 0) throw new IssuerError('BadOption', problems.join('; '));
  return { help, request, ...optional('state', values.state, String), ...optional('keyFile', values.key, String) };
}

/** `name=value`: the value as JSON where it is, else as the string it is. undefined without a name or a `=`. */
export function parseClaim(text: string): readonly [name: string, value: unknown] | undefined {
  const split = text.indexOf('=');
  if (split < 1) return undefined;
  const name = text.slice(0, split);
  const value = text.slice(split + 1);
  try {
    return [name, JSON.parse(value)];
  } catch {
    return [name, value];
  }
}

function list(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(',')).map((item) => item.trim());
}

/** A property where there is a value: with exactOptionalPropertyTypes an undefined one is not an absent one. */
function optional<Name extends string, Input, Output>(
  name: Name,
  input: Input | undefined,
  convert: (input: Input) => Output,
): { [key in Name]?: Output } {
  const property: { [key in Name]?: Output } = {};
  if (input !== undefined) property[name] = convert(input);
  return property;
}
