import type { Secret } from '@chaperone/crds/client/kinds';
import type { Stored } from '@chaperone/crds/client/kubernetes-object';
import { issueServing, newAuthority, type KeyPair } from './certificates.ts';
import { parseLiving, parsePair, planTls, type TlsPlan, type TlsRules, type TlsState } from './tls.ts';

/** Keys of the Secret. The authority's key lies beside the certificate: the proxy's pods mount the first two alone. */
export const TLS_KEYS = {
  certificate: 'tls.crt',
  key: 'tls.key',
  authority: 'ca.crt',
  authorityKey: 'ca.key',
  nextAuthority: 'next-ca.crt',
  nextAuthorityKey: 'next-ca.key',
  previousAuthority: 'previous-ca.crt',
} as const;
/** RFC 3339: since when clients are told of the next authority. */
export const NEXT_PUBLISHED_ANNOTATION = 'chaperone.dev/next-authority-published';

/** A certificate is valid from a little earlier, as the clocks of clients may be behind. */
const BACKDATE_MS = 300_000;

/** What is to be stored after a rotation, or is stored already. */
export interface TlsMaterial {
  /** Texts, not base64. */
  readonly data: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Every authority that a client should trust now, PEM. */
  readonly bundle: string;
  readonly plan: TlsPlan;
  /** End of the serving certificate, in milliseconds since the epoch. */
  readonly servingUntil: number;
}

/** Text of one key of a Secret; undefined where there is none. */
export function textOf(secret: Secret | undefined, key: string): string | undefined {
  const encoded = secret?.data?.[key];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8');
}

/** What a Secret holds that can be used. */
export function readTlsState(secret: Stored<Secret> | undefined, now: number): TlsState {
  const text = (key: string): string | undefined => textOf(secret, key);
  const next = parsePair(text(TLS_KEYS.nextAuthority), text(TLS_KEYS.nextAuthorityKey));
  const publishedAt = Date.parse(secret?.metadata.annotations?.[NEXT_PUBLISHED_ANNOTATION] ?? '');
  return {
    authority: parsePair(text(TLS_KEYS.authority), text(TLS_KEYS.authorityKey)),
    // Where somebody took the annotation away, the time for clients to hear of it begins anew.
    next: next === undefined ? undefined : { ...next, publishedAt: Number.isNaN(publishedAt) ? now : publishedAt },
    previous: parseLiving(text(TLS_KEYS.previousAuthority), now),
    serving: parsePair(text(TLS_KEYS.certificate), text(TLS_KEYS.key)),
  };
}

/** Does what is due. The same state gives the same material, as long as nothing is due. */
export async function rotate(state: TlsState, rules: TlsRules, now: number): Promise<TlsMaterial> {
  const plan = planTls(state, rules, now);
  const authority = await authorityAfter(plan, state, rules, now);
  const next = await nextAfter(plan, state, rules, now);
  const previous = plan.authority === 'promote' ? state.authority?.certificate : state.previous;
  const living = plan.authority === 'create' ? undefined : parseLiving(previous, now);
  const kept = plan.issueServing ? undefined : state.serving;
  const serving = kept ?? (await serve(authority, rules, now));
  const data = {
    [TLS_KEYS.certificate]: serving.certificate,
    [TLS_KEYS.key]: serving.key,
    [TLS_KEYS.authority]: authority.certificate,
    [TLS_KEYS.authorityKey]: authority.key,
    ...(next === undefined
      ? {}
      : { [TLS_KEYS.nextAuthority]: next.certificate, [TLS_KEYS.nextAuthorityKey]: next.key }),
    ...(living === undefined ? {} : { [TLS_KEYS.previousAuthority]: living }),
  };
  return {
    data,
    annotations: next === undefined ? {} : { [NEXT_PUBLISHED_ANNOTATION]: new Date(next.publishedAt).toISOString() },
    bundle: [authority.certificate, next?.certificate, living]
      .filter((certificate) => certificate !== undefined)
      .map((certificate) => `${certificate.trim()}\n`)
      .join(''),
    plan,
    servingUntil: parsePair(serving.certificate, serving.key)?.validity.until ?? now,
  };
}

async function authorityAfter(plan: TlsPlan, state: TlsState, rules: TlsRules, now: number): Promise<KeyPair> {
  const kept = plan.authority === 'promote' ? state.next : state.authority;
  return plan.authority === 'create' || kept === undefined ? makeAuthority(rules, now) : kept;
}

async function nextAfter(
  plan: TlsPlan,
  state: TlsState,
  rules: TlsRules,
  now: number,
): Promise<(KeyPair & { readonly publishedAt: number }) | undefined> {
  if (plan.introduceNext) {
    return { ...(await makeAuthority(rules, now)), publishedAt: now };
  }
  return plan.authority === 'keep' ? state.next : undefined;
}

/** Each has a name of its own: two of the same name and other keys confuse what builds chains. */
const makeAuthority = ({ authorityMs }: TlsRules, now: number): Promise<KeyPair> =>
  newAuthority(`chaperone ${new Date(now).toISOString()}`, { from: now - BACKDATE_MS, until: now + authorityMs });

function serve(authority: KeyPair, { names, certificateMs }: TlsRules, now: number): Promise<KeyPair> {
  const end = parsePair(authority.certificate, authority.key)?.validity.until ?? now;
  return issueServing(authority, names, { from: now - BACKDATE_MS, until: Math.min(now + certificateMs, end) });
}
