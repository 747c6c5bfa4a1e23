import { credentialName } from './credential-names.ts';
import type { Finder } from './find.ts';
import { addCounts, type MaskedText, maskText, type Replace } from './mask-text.ts';
import { maskCommand } from './mask-command.ts';
import { isPlaceholder, placeholderRanges } from './placeholder.ts';

/** What parameters that carry a credential are called. */
export const URL_CREDENTIAL = 'url-credential';

/** Parameters of OAuth, presigned URLs and webhooks, beside those that credentialName knows. */
const CREDENTIAL_PARAMETERS = new Set([
  'access_token',
  'refresh_token',
  'id_token',
  'auth',
  'sig',
  'signature',
  'code',
  'assertion',
  'client_assertion',
  'jwt',
  'x-amz-signature',
  'x-amz-security-token',
  'x-goog-signature',
  'password',
  'pass',
  'token',
  'apikey',
  'key_data',
]);

/** The parameters of an exec, one for each argument, in order. */
const COMMAND = 'command';

interface Parameter {
  readonly rawKey: string;
  readonly key: string;
  /** Undefined where the parameter has no `=`. */
  readonly rawValue: string | undefined;
  readonly value: string;
}

/**
 * Masks a request target or URL. What is not masked keeps its bytes, and parameters their number and order, so that a
 * record still tells which request it was. Placeholders are percent-encoded.
 */
export function maskUrl(url: string, finder: Finder, replace: Replace): MaskedText {
  const counts = new Map<string, number>();
  const hash = url.indexOf('#');
  const fragment = hash < 0 ? '' : url.slice(hash + 1);
  const beforeFragment = hash < 0 ? url : url.slice(0, hash);
  const question = beforeFragment.indexOf('?');
  const path = question < 0 ? beforeFragment : beforeFragment.slice(0, question);
  let text = maskPath(path, finder, replace, counts);
  if (question >= 0) text += `?${maskQuery(beforeFragment.slice(question + 1), finder, replace, counts)}`;
  // OAuth's implicit flow answers in the fragment, in the form of a query.
  if (hash >= 0)
    text += `#${fragment.includes('=') ? maskQuery(fragment, finder, replace, counts) : maskEncoded(fragment, finder, replace, counts)}`;
  return { text, counts };
}

const AUTHORITY = /^[A-Za-z][A-Za-z0-9+.-]{0,32}:\/\/[^/]{0,2048}/;

function maskPath(path: string, finder: Finder, replace: Replace, counts: Map<string, number>): string {
  const authority = AUTHORITY.exec(path)?.[0] ?? '';
  const rest = path.slice(authority.length);
  const user = authority.lastIndexOf('@');
  const from = authority.indexOf('://') + 3;
  const colon = authority.indexOf(':', from);
  let start = authority;
  if (user > 0 && colon > 0 && colon < user && !isPlaceholder(decoded(authority.slice(colon + 1, user)))) {
    const password = replace('url-password', decoded(authority.slice(colon + 1, user)));
    addCounts(counts, new Map([['url-password', 1]]));
    start = `${authority.slice(0, colon + 1)}${encodeURIComponent(password)}${authority.slice(user)}`;
  }
  const segments = rest.split('/').map((segment) => maskEncoded(segment, finder, replace, counts));
  const masked = start + segments.join('/');
  // Some secrets have slashes: the path of a webhook, base64.
  const whole = maskText(masked.replace(ENCODED_PLACEHOLDER, decodeURIComponent), finder, replace);
  addCounts(counts, whole.counts);
  return withEncodedPlaceholders(whole.text);
}

const ENCODED_PLACEHOLDER = /%5BMASKED%3A(?:[a-z0-9./:-]|%2F|%3A){1,512}%5D/gi;

function withEncodedPlaceholders(text: string): string {
  let result = '';
  let from = 0;
  for (const { start, end } of placeholderRanges(text)) {
    result += text.slice(from, start) + encodeURIComponent(text.slice(start, end));
    from = end;
  }
  return result + text.slice(from);
}

/** A part that is percent-encoded: searched as it is meant, and left as it is where nothing is found. */
function maskEncoded(raw: string, finder: Finder, replace: Replace, counts: Map<string, number>): string {
  if (raw.length < 6) return raw;
  const masked = maskText(decoded(raw), finder, replace);
  if (masked.counts.size === 0) return raw;
  addCounts(counts, masked.counts);
  return encodeURIComponent(masked.text);
}

function maskQuery(query: string, finder: Finder, replace: Replace, counts: Map<string, number>): string {
  const parameters = query.split('&').map(parsed);
  const command = parameters
    .filter(({ key, rawValue }) => key === COMMAND && rawValue !== undefined)
    .map(({ value }) => value);
  const maskedCommand = maskCommand(command, finder, replace);
  addCounts(counts, maskedCommand.counts);
  let argument = 0;
  const result = parameters.map(({ rawKey, key, rawValue, value }) => {
    if (rawValue === undefined) return maskEncoded(rawKey, finder, replace, counts);
    if (key === COMMAND) {
      const masked = maskedCommand.arguments[argument] ?? '';
      argument += 1;
      return `${rawKey}=${masked === value ? rawValue : encodeURIComponent(masked)}`;
    }
    const name = maskEncoded(rawKey, finder, replace, counts);
    if (value !== '' && !isPlaceholder(value) && isCredentialParameter(key)) {
      addCounts(counts, new Map([[URL_CREDENTIAL, 1]]));
      return `${name}=${encodeURIComponent(replace(URL_CREDENTIAL, value))}`;
    }
    return `${name}=${maskEncoded(rawValue, finder, replace, counts)}`;
  });
  return result.join('&');
}

function isCredentialParameter(key: string): boolean {
  return CREDENTIAL_PARAMETERS.has(key.toLowerCase()) || credentialName(key) !== undefined;
}

function parsed(pair: string): Parameter {
  const equals = pair.indexOf('=');
  const rawKey = equals < 0 ? pair : pair.slice(0, equals);
  const rawValue = equals < 0 ? undefined : pair.slice(equals + 1);
  return { rawKey, key: decoded(rawKey), rawValue, value: rawValue === undefined ? '' : decoded(rawValue) };
}

/** What is percent-encoded as text; escapes that are none, and bytes that are no UTF-8, stay as they are. */
function decoded(raw: string): string {
  const spaced = raw.includes('+') ? raw.replaceAll('+', ' ') : raw;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced.replace(/(?:%[0-7][0-9A-Fa-f])+/g, (escapes) => decodeURIComponent(escapes));
  }
}
