import { newActivation, type Activation } from '@chaperone/crds/expression/environment';
import { AuthenticationError } from './authentication-error.ts';
import { evaluateText, evaluateTexts, isSatisfied } from './claim-expression.ts';
import type { ClaimMapping, ClaimRule, UserRule } from './claim-rules.ts';
import type { Claims } from './compact-token.ts';
import type { JwtAuthenticator } from './configuration.ts';
import { checkDistributedClaims } from './distributed-claims.ts';
import { CREDENTIAL_ID_KEY, type Extra, type MappedUser } from './identity.ts';
import { checkUserNames } from './user-names.ts';

/**
 * The user that the claims of a verified token map to, by the rules of its authenticator. Pure.
 *
 * @throws AuthenticationError `ClaimRefused`, `GroupsElsewhere`, `MappingFailed`, `NameRefused` or `UserRefused`.
 */
export function mapClaims(authenticator: JwtAuthenticator, claims: Claims, credentialId?: string): MappedUser {
  const { claimMappings, claimValidationRules, userValidationRules } = authenticator;
  checkDistributedClaims(authenticator, claims);
  const activation = newActivation({ claims });
  for (const rule of claimValidationRules) checkClaimRule(rule, claims, activation);
  const user = {
    username: readUsername(claimMappings.username, claims, activation),
    uid: claimMappings.uid === undefined ? '' : readText(claimMappings.uid, 'uid', claims, activation),
    groups: readGroups(claimMappings.groups, claims, activation),
    extra: readExtra(authenticator, activation, credentialId),
  };
  checkUserNames(user);
  checkUserRules(userValidationRules, user);
  return user;
}

function checkClaimRule(rule: ClaimRule, claims: Claims, activation: Activation): void {
  switch (rule.kind) {
    case 'claim':
      if (claimOf(claims, rule.claim) !== rule.requiredValue) throw new AuthenticationError('ClaimRefused', rule.claim);
      return;
    case 'expression':
      if (!isSatisfied(rule.expression, activation)) {
        throw new AuthenticationError('ClaimRefused', rule.message === '' ? rule.expression.source : rule.message);
      }
      return;
    default:
      rule satisfies never;
  }
}

function checkUserRules(rules: readonly UserRule[], user: MappedUser): void {
  if (rules.length === 0) return;
  const activation = newActivation({ user: { ...user } });
  for (const { expression, message } of rules) {
    if (!isSatisfied(expression, activation)) {
      throw new AuthenticationError('UserRefused', message === '' ? expression.source : message);
    }
  }
}

/** Only own properties are claims. */
function claimOf(claims: Claims, name: string): Claims[string] {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

function readUsername(mapping: ClaimMapping, claims: Claims, activation: Activation): string {
  if (mapping.kind === 'claim' && mapping.claim === 'email') {
    // As in Kubernetes: an issuer that says nothing of it is trusted with the addresses that it hands out.
    const verified = claimOf(claims, 'email_verified');
    if (verified !== undefined && verified !== true) {
      throw new AuthenticationError('MappingFailed', 'the email address is not verified');
    }
  }
  return readText(mapping, 'username', claims, activation);
}

function readText(mapping: ClaimMapping, what: string, claims: Claims, activation: Activation): string {
  if (mapping.kind === 'expression') {
    const text = evaluateText(mapping.expression, activation);
    if (text === undefined) throw new AuthenticationError('MappingFailed', `the expression of ${what} gives no string`);
    return text;
  }
  const value = claimOf(claims, mapping.claim);
  if (typeof value !== 'string') {
    throw new AuthenticationError('MappingFailed', `claim ${mapping.claim}, for ${what}, is missing or no string`);
  }
  // Before the prefix hides it: an empty name is nobody's.
  if (value === '') throw new AuthenticationError('MappingFailed', `claim ${mapping.claim}, for ${what}, is empty`);
  return mapping.prefix + value;
}

/** A claim may be one text instead of a list (kubernetes #33290), and may be missing. */
function readGroups(mapping: ClaimMapping | undefined, claims: Claims, activation: Activation): readonly string[] {
  if (mapping === undefined) return [];
  if (mapping.kind === 'expression') {
    const texts = evaluateTexts(mapping.expression, activation);
    if (texts === undefined) {
      throw new AuthenticationError(
        'MappingFailed',
        'the expression of groups gives neither a string nor a list of strings',
      );
    }
    return [...new Set(texts)];
  }
  const value = claimOf(claims, mapping.claim);
  if (value === undefined) return [];
  const list = Array.isArray(value) ? value : [value];
  const groups = list.filter((group) => typeof group === 'string');
  if (groups.length !== list.length) {
    throw new AuthenticationError('MappingFailed', `claim ${mapping.claim}, for groups, is no list of strings`);
  }
  if (groups.includes(''))
    throw new AuthenticationError('MappingFailed', `claim ${mapping.claim} holds an empty group`);
  return [...new Set(groups)].map((group) => mapping.prefix + group);
}

function readExtra(
  { claimMappings }: JwtAuthenticator,
  activation: Activation,
  credentialId: string | undefined,
): Extra {
  const entries = claimMappings.extra.flatMap(({ key, expression }): [string, readonly string[]][] => {
    const texts = evaluateTexts(expression, activation);
    if (texts === undefined) {
      throw new AuthenticationError(
        'MappingFailed',
        `the expression of extra ${key} gives neither a string nor a list of strings`,
      );
    }
    return texts.length === 0 ? [] : [[key, texts]];
  });
  if (credentialId !== undefined) entries.push([CREDENTIAL_ID_KEY, [credentialId]]);
  return Object.fromEntries(entries);
}
