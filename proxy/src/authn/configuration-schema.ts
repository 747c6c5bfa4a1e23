import { z } from 'zod';

/** Go takes `null` for absent and '' for not set; what is empty is told by the rules, which know what is required. */
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

function listOf<Item extends z.ZodType>(element: Item) {
  return z
    .array(element)
    .nullish()
    .transform((value) => value ?? []);
}

/** For `prefix`, where absent and '' differ. */
const optionalText = z
  .string()
  .nullish()
  .transform((value) => value ?? undefined);

const prefixedClaimOrExpression = z
  .strictObject({ claim: text, prefix: optionalText, expression: text })
  .nullish()
  .transform((value) => value ?? { claim: '', prefix: undefined, expression: '' });

const claimOrExpression = z
  .strictObject({ claim: text, expression: text })
  .nullish()
  .transform((value) => value ?? { claim: '', expression: '' });

/** One element of `jwt`, as `apiserver.config.k8s.io/v1` has it: types and names of fields, no rules. */
export const jwtAuthenticatorShape = z.strictObject({
  issuer: z.strictObject({
    url: text,
    discoveryURL: text,
    certificateAuthority: text,
    audiences: listOf(z.string()),
    audienceMatchPolicy: text,
    egressSelectorType: text,
  }),
  claimValidationRules: listOf(z.strictObject({ claim: text, requiredValue: text, expression: text, message: text })),
  claimMappings: z.strictObject({
    username: prefixedClaimOrExpression,
    groups: prefixedClaimOrExpression,
    uid: claimOrExpression,
    extra: listOf(z.strictObject({ key: text, valueExpression: text })),
  }),
  userValidationRules: listOf(z.strictObject({ expression: text, message: text })),
});

export type JwtAuthenticatorShape = z.output<typeof jwtAuthenticatorShape>;

export const configurationShape = z.strictObject({
  apiVersion: z.literal('apiserver.config.k8s.io/v1'),
  kind: z.literal('AuthenticationConfiguration'),
  /** Each is read by itself, so that a fault in one keeps nobody from seeing those of the others. */
  jwt: listOf(z.unknown()),
  anonymous: z
    .strictObject({
      enabled: z.boolean().nullish(),
      conditions: listOf(z.strictObject({ path: z.string() })),
    })
    .nullish(),
});

/** Where, in the notation of findings: `jwt[0].issuer.url`. */
export function pathOf(path: readonly PropertyKey[]): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./u, '');
}
