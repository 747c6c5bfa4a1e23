import { AuthenticationError } from './authentication-error.ts';
import type { MappedUser } from './identity.ts';

/** As in the schema of ApprovalRequest: what may call must also be able to ask for approval. */
export const LIMITS = {
  nameLength: 512,
  groups: 256,
  extraKeys: 64,
  extraValues: 32,
  extraValueLength: 1024,
} as const;

/**
 * Prefixes that no issuer may hand out. `system:` names are Kubernetes' own, `system:masters` above all;
 * `chaperone:` names are those of ServiceAccounts that TokenReview vouched for.
 */
export const RESERVED_PREFIXES = ['system:', 'chaperone:'] as const;

/** The reserved prefix that a name has. Names are compared as they are, so other spellings are other names. */
export function reservedPrefix(name: string): string | undefined {
  return RESERVED_PREFIXES.find((prefix) => name.startsWith(prefix));
}

/**
 * Refuses a user whose name, groups or extras could be taken for another's on the way: blanks at the ends are cut off
 * by HTTP (RFC 9110, section 5.5), control characters end headers and lines, lone surrogates all become U+FFFD in
 * UTF-8, and invisible characters make a reviewer read another name.
 *
 * @throws AuthenticationError `NameRefused`
 */
export function checkUserNames({ username, uid, groups, extra }: MappedUser): void {
  checkName(username, 'the username');
  if (uid !== '') checkText(uid, 'the uid', LIMITS.nameLength);
  if (groups.length > LIMITS.groups) refuse(`there are more than ${LIMITS.groups} groups`);
  for (const group of groups) checkName(group, 'a group');
  const entries = Object.entries(extra);
  if (entries.length > LIMITS.extraKeys) refuse(`there are more than ${LIMITS.extraKeys} extras`);
  for (const [key, values] of entries) {
    if (values.length > LIMITS.extraValues) refuse(`extra ${key} has more than ${LIMITS.extraValues} values`);
    for (const value of values) checkText(value, `a value of extra ${key}`, LIMITS.extraValueLength);
  }
}

function checkName(name: string, what: string): void {
  checkText(name, what, LIMITS.nameLength);
  const prefix = reservedPrefix(name);
  if (prefix !== undefined) refuse(`${what} begins with ${prefix}, which is reserved`);
}

/** Controls, invisible format characters, line and paragraph separators. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

function checkText(text: string, what: string, maxLength: number): void {
  if (text === '') refuse(`${what} is empty`);
  if (text.length > maxLength) refuse(`${what} has more than ${maxLength} characters`);
  if (text.trim() !== text) refuse(`${what} begins or ends with a blank`);
  if (UNSEEN.test(text)) refuse(`${what} holds a control or an invisible character`);
  if (!text.isWellFormed()) refuse(`${what} holds half of a character`);
}

function refuse(why: string): never {
  throw new AuthenticationError('NameRefused', why);
}
