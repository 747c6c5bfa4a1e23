/**
 * Which names promise that their value is a credential: of environment variables, keys, flags and parameters. Names that
 * tell where a credential is (a file, a Secret), how long it lives or of what type it is, do not.
 */

/** How sure a name is: what is called a password is one, whatever it looks like; a token or a key may be a name or a number. */
export type CredentialName = 'Password' | 'Token';

const PASSWORD =
  /(?:password|passwd|passphrase|passcode|pwd|(?:^|[_.-])pass)(?:[_.-]?(?:value|text|string|prod|dev|stage|staging|test|main|root|admin|hash|[0-9]{1,3}))?$/i;
const TOKEN =
  /(?:(?:^|[^a-z])token|[a-z]Token|(?:^|[_.-])secrets?|[a-z]Secret|authtoken|api[_.-]?key|apikey|access[_.-]?key|secret[_.-]?key|secret[_.-]?access[_.-]?key|private[_.-]?key|encryption[_.-]?key|signing[_.-]?key|master[_.-]?key|account[_.-]?key|auth[_.-]?key|client[_.-]?secret|clientsecret|accesstoken|refreshtoken|idtoken|sessiontoken|secrettoken|credentials?|webhook[_.-]?secret|secret[_.-]?key[_.-]?base|key[_.-]?data)(?:[_.-]?(?:value|text|string|data|base|prod|dev|stage|staging|test|main|root|admin|[0-9]{1,3}))?$/i;

const MAX_NAME = 128;

/** What the name of a variable, key, flag (without its dashes) or parameter promises. */
export function credentialName(name: string): CredentialName | undefined {
  if (name.length > MAX_NAME) return undefined;
  if (PASSWORD.test(name)) return 'Password';
  return TOKEN.test(name) ? 'Token' : undefined;
}
