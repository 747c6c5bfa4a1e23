import type { JsonValue } from '@chaperone/crds/expression/value';
import { AuthenticationError } from './authentication-error.ts';
import type { Claims } from './compact-token.ts';
import type { JwtAuthenticator } from './configuration.ts';

/**
 * Refuses a token that keeps a claim elsewhere which the authenticator reads (OpenID Connect Core, section 5.6.2).
 *
 * Entra ID does so above 200 groups (150 in SAML, 6 in the implicit flow, where it is `hasgroups`). To follow the
 * source needs a credential of its own, and to go on would make a caller of many groups one of none: a Deny for a
 * group would no longer find them.
 *
 * @throws AuthenticationError `GroupsElsewhere`
 */
export function checkDistributedClaims(authenticator: JwtAuthenticator, claims: Claims): void {
  const elsewhere = claimsElsewhere(claims).filter((name) => !Object.hasOwn(claims, name));
  if (elsewhere.some((name) => reads(authenticator, name))) throw new AuthenticationError('GroupsElsewhere');
}

function claimsElsewhere(claims: Claims): readonly string[] {
  const names = Object.hasOwn(claims, '_claim_names') ? claims['_claim_names'] : undefined;
  const hasGroups = Object.hasOwn(claims, 'hasgroups') && claims['hasgroups'] !== false;
  return [...(isMapping(names) ? Object.keys(names) : []), ...(hasGroups ? ['groups'] : [])];
}

function isMapping(value: JsonValue | undefined): value is { readonly [key: string]: JsonValue | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a mapping or a rule looks at the claim; an expression does if its text has the name anywhere. */
function reads({ claimMappings, claimValidationRules }: JwtAuthenticator, name: string): boolean {
  const { username, groups, uid, extra } = claimMappings;
  const sources = [username, groups, uid, ...claimValidationRules].filter((source) => source !== undefined);
  return (
    sources.some((source) =>
      source.kind === 'claim' ? source.claim === name : source.expression.source.includes(name),
    ) || extra.some(({ expression }) => expression.source.includes(name))
  );
}
