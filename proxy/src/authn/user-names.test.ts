import { refusalOf } from '@chaperone/test/authn/refusal';
import { describe, expect, test } from 'vitest';
import type { MappedUser } from './identity.ts';
import { checkUserNames, LIMITS } from './user-names.ts';

const good: MappedUser = { username: 'agent@example.com', uid: '', groups: ['agents'], extra: {} };
const check = (changes: Partial<MappedUser>): string => refusalOf(() => checkUserNames({ ...good, ...changes }));

describe('checkUserNames', () => {
  const accepted: Record<string, string> = {
    'an address': 'agent@example.com',
    'letters of any script': 'エージェント-Ünïcode',
    'blanks, colons and slashes inside': 'repo: octo org/app #7',
    'a character of two code units': 'bot-\u{1f916}',
    'another spelling of a reserved prefix': 'System:masters',
    'a reserved word without its colon': 'chaperone',
    'the greatest length': 'a'.repeat(LIMITS.nameLength),
  };
  test.each(Object.entries(accepted))('accepts %s', (_sentence, name) => {
    expect([check({ username: name }), check({ groups: ['agents', name] }), check({ uid: name })]).toEqual([
      'accepted',
      'accepted',
      'accepted',
    ]);
  });

  const refused: Record<string, string> = {
    'a blank in front': ' admin',
    'a blank behind': 'admin ',
    'a tab behind': 'admin\t',
    'a no-break space behind': 'admin\u{a0}',
    'an ideographic space in front': '\u{3000}admin',
    'a line feed': 'admin\nImpersonate-Group: system:masters',
    'a carriage return': 'a\rb',
    'a NUL': 'admin\0x',
    'a DEL': 'a\u{7f}b',
    'a C1 control': 'a\u{85}b',
    'a zero width space': 'ad\u{200b}min',
    'a mark that turns the direction': 'a\u{202e}nimda',
    'a byte order mark': '\u{feff}admin',
    'a line separator': 'a\u{2028}b',
    'half of a character': 'admin\u{d800}',
    'the other half': '\u{dc00}admin',
    'only blanks': '   ',
    'too great a length': 'a'.repeat(LIMITS.nameLength + 1),
  };
  test.each(Object.entries(refused))('refuses %s, in username, group, uid and extra', (_sentence, name) => {
    expect(check({ username: name })).toBe('NameRefused');
    expect(check({ groups: ['agents', name] })).toBe('NameRefused');
    expect(check({ uid: name })).toBe('NameRefused');
    expect(check({ extra: { 'example.com/team': [name.repeat(2)] } })).toBe('NameRefused');
  });

  test.each([
    'system:masters',
    'system:',
    'system:serviceaccount:kube-system:default',
    'system:node:a',
    'system:anonymous',
    'system:authenticated',
    'chaperone:sa:ci:runner',
    'chaperone:serviceaccounts',
  ])('refuses %s as username and as group', (name) => {
    expect(check({ username: name })).toBe('NameRefused');
    expect(check({ groups: [name] })).toBe('NameRefused');
  });

  const others: Record<string, [Partial<MappedUser>, string]> = {
    'an empty username is refused': [{ username: '' }, 'NameRefused'],
    'an empty group is refused': [{ groups: [''] }, 'NameRefused'],
    'an empty uid is none': [{ uid: '' }, 'accepted'],
    'an empty value of an extra is refused': [{ extra: { 'a.example/b': [''] } }, 'NameRefused'],
    'as many groups as an ApprovalRequest holds are accepted': [
      { groups: Array.from({ length: 256 }, (_, index) => `g${index}`) },
      'accepted',
    ],
    'more groups are refused': [{ groups: Array.from({ length: 257 }, (_, index) => `g${index}`) }, 'NameRefused'],
    'more values of an extra are refused': [
      { extra: { 'a.example/b': Array.from({ length: 33 }, String) } },
      'NameRefused',
    ],
    'a longer value of an extra is refused': [{ extra: { 'a.example/b': ['a'.repeat(1_025)] } }, 'NameRefused'],
    'more extras are refused': [
      { extra: Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`a.example/${index}`, ['x']])) },
      'NameRefused',
    ],
  };
  test.each(Object.entries(others))('%s', (_sentence, [changes, want]) => {
    expect(check(changes)).toBe(want);
  });

  test('names the prefix and not the name', () => {
    expect(() => checkUserNames({ ...good, username: 'system:kube-scheduler' })).toThrow(
      'the token maps to a name that is not accepted: the username begins with system:, which is reserved',
    );
  });
});
