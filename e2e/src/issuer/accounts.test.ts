import { expect, test } from 'vitest';
import { newAccounts, type Accounts } from './accounts.ts';

const known = new Map([['agent@example.com', ['agents']]]);

function groupsOf(accounts: Accounts, login: string): Promise<unknown> {
  const claims = accounts.find(login).claims('id_token', 'openid', {}, []);
  return Promise.resolve(claims).then(({ groups }) => groups);
}

const table: Record<string, { signIns: [login: string, groups: string[]][]; login: string; want: string[] }> = {
  'a known account has the groups of the table': { signIns: [], login: 'agent@example.com', want: ['agents'] },
  'an unknown account has none': { signIns: [['x', []]], login: 'x', want: [] },
  'groups that were entered win over the table': {
    signIns: [['agent@example.com', ['a', 'b']]],
    login: 'agent@example.com',
    want: ['a', 'b'],
  },
  'a later sign-in without groups goes back to the table': {
    signIns: [
      ['agent@example.com', ['a']],
      ['agent@example.com', []],
    ],
    login: 'agent@example.com',
    want: ['agents'],
  },
  'of more than a thousand accounts the first is forgotten': {
    signIns: Array.from({ length: 1_001 }, (_, index) => [`u${index}`, ['g']]),
    login: 'u0',
    want: [],
  },
  'of more than a thousand accounts the last is known': {
    signIns: Array.from({ length: 1_001 }, (_, index) => [`u${index}`, ['g']]),
    login: 'u1000',
    want: ['g'],
  },
};

test.each(Object.entries(table))('%s', async (_sentence, { signIns, login, want }) => {
  const accounts = newAccounts(known);
  for (const [name, groups] of signIns) accounts.signIn(name, groups);
  expect(await groupsOf(accounts, login)).toEqual(want);
});

test('the name is subject and verified email', async () => {
  const claims = await newAccounts(known).find('x').claims('id_token', 'openid', {}, []);
  expect(claims).toEqual({ sub: 'x', email: 'x', email_verified: true, groups: [] });
});
