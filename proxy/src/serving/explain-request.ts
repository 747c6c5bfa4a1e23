import { z } from 'zod';
import { newIdentity, type Identity } from '../authn/identity.ts';
import type { JsonMapping } from '@chaperone/crds/expression/value';

const json: z.ZodType<JsonMapping> = z.record(z.string(), z.json());

const text = z.string().min(1).max(1_024);

const schema = z.strictObject({
  /** Of the request line, as a client sends it. */
  method: z.string().min(1).max(16),
  target: z.string().startsWith('/').max(65_536),
  /** Who calls; without it whoever asks. */
  user: z
    .strictObject({
      username: text,
      uid: z.string().max(1_024).default(''),
      groups: z.array(text).max(1_000).default([]),
      extra: z.record(text, z.array(z.string().max(4_096)).max(100)).default({}),
      /** That the API server would vouch for it as this one. */
      serviceAccount: z.strictObject({ namespace: text, name: text }).optional(),
    })
    .optional(),
  contentType: z.string().max(256).optional(),
  /** The object as it would be after the call, as it stands, and what a subresource belongs to; null: there is none. */
  object: json.nullable().optional(),
  oldObject: json.nullable().optional(),
  parentObject: json.nullable().optional(),
  /** DeleteOptions in the body of a delete. */
  options: json.optional(),
});

/** A call that is to be explained. */
export type ExplainRequest = z.output<typeof schema>;

/** What is wrong with a description of a call, by path; values are not quoted. */
export class ExplainRequestError extends Error {
  override readonly name = 'ExplainRequestError';
  readonly code = 'ERR_EXPLAIN_REQUEST';
}

/** @throws ExplainRequestError */
export function parseExplainRequest(value: unknown): ExplainRequest {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const findings = result.error.issues.map(
    ({ path, message }) => `${path.map(String).join('.') || 'body'}: ${message}`,
  );
  throw new ExplainRequestError(findings.slice(0, 10).join('; '));
}

/** The caller of a call that somebody else describes. */
export function describedCaller({
  username,
  uid,
  groups,
  extra,
  serviceAccount,
}: NonNullable<ExplainRequest['user']>): Identity {
  return newIdentity(
    { username, uid, groups, extra },
    { issuer: '', expiresAt: Infinity, ...(serviceAccount === undefined ? {} : { serviceAccount }) },
  );
}
