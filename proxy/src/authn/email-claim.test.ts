import { expect, test } from 'vitest';
import { readsClaim } from './email-claim.ts';

const table: Record<string, [source: string, name: string, mode: 'used' | 'checked', want: boolean]> = {
  'a selection is a use': ["'x:' + claims.email", 'email', 'used', true],
  'a selection with blanks is a use': ['claims . email', 'email', 'used', true],
  'an index is a use': ["claims['email']", 'email', 'used', true],
  'a raw index is a use': ['claims[r"email"]', 'email', 'used', true],
  'a longer name is none': ['claims.email_domain', 'email', 'used', false],
  'a shorter name is none': ['claims.mail', 'email', 'used', false],
  'a field of another claim is none': ['claims.user.email', 'email', 'used', false],
  'another variable is none': ['myclaims.email', 'email', 'used', false],
  'a selection is a check': ['claims.email_verified == true', 'email_verified', 'checked', true],
  'has() is a check': ['!has(claims.email_verified)', 'email_verified', 'checked', true],
  'a mention in a text is no check': ["'claims.email_verified' != claims.email", 'email_verified', 'checked', false],
  'a mention in a raw text is no check': [
    String.raw`r'\' + claims.sub + 'claims.email_verified'`,
    'email_verified',
    'checked',
    false,
  ],
  'a mention in a text of three quotes is no check': [
    `"""a"claims.email_verified"""`,
    'email_verified',
    'checked',
    false,
  ],
  'a mention after an escaped quote is no check': [
    String.raw`'\'claims.email_verified'`,
    'email_verified',
    'checked',
    false,
  ],
  'a mention in a comment is no check': ['claims.email // claims.email_verified\n', 'email_verified', 'checked', false],
  'a check after a text is one': [`claims.a == 'x//y' && claims.email_verified`, 'email_verified', 'checked', true],
};

test.each(Object.entries(table))('%s', (_sentence, [source, name, mode, want]) => {
  expect(readsClaim(source, name, mode)).toBe(want);
});
