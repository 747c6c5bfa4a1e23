import type { Account } from 'oidc-provider';

/** The people of the local stack, offered on the sign-in page. Any other name is accepted as well. */
export const KNOWN_ACCOUNTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['agent@example.com', ['agents']],
  ['reviewer@example.com', ['oncall']],
]);

/** Who has signed in, and with which groups. */
export interface Accounts {
  /** Takes any name; without groups it has those it is known with, if any. */
  signIn(login: string, groups: readonly string[]): void;
  find(login: string): Account;
}

/** So that a test which signs in under ever new names does not fill the memory; the oldest are forgotten. */
const MAX_ACCOUNTS = 1_000;

export function newAccounts(known: ReadonlyMap<string, readonly string[]> = KNOWN_ACCOUNTS): Accounts {
  const entered = new Map<string, readonly string[]>();
  return {
    signIn(login, groups) {
      entered.delete(login);
      if (groups.length > 0) entered.set(login, groups);
      for (const oldest of entered.keys()) {
        if (entered.size <= MAX_ACCOUNTS) break;
        entered.delete(oldest);
      }
    },
    find(login) {
      // Read when a token is made, not when the account is found: a refresh carries the groups of the latest sign-in.
      return {
        accountId: login,
        claims: () => ({
          sub: login,
          email: login,
          email_verified: true,
          groups: [...(entered.get(login) ?? known.get(login) ?? [])],
        }),
      };
    },
  };
}
