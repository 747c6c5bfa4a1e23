import { describe, expect, test } from 'vitest';
import { IssuerError } from './issuer-error.ts';
import { parseTokenOptions, type TokenOptions } from './token-options.ts';

const request = { user: 'u', groups: [], expiresIn: 3600, claims: [] };

const accepted: Record<string, { args: string[]; want: Partial<TokenOptions> }> = {
  'a user alone gets no groups and an hour': { args: ['--user', 'u'], want: { request } },
  'groups are separated by commas and may be repeated': {
    args: ['--user', 'u', '--groups', 'a, b', '--groups=c'],
    want: { request: { ...request, groups: ['a', 'b', 'c'] } },
  },
  'an empty list of groups has no groups': { args: ['--user', 'u', '--groups', ''], want: { request } },
  'a lifetime may be negative, as a word of its own': {
    args: ['--user', 'u', '--expires-in', '-60'],
    want: { request: { ...request, expiresIn: -60 } },
  },
  'a lifetime may be negative, with an equals sign': {
    args: ['--user', 'u', '--expires-in=-60'],
    want: { request: { ...request, expiresIn: -60 } },
  },
  'times of issue and first use are relative, too': {
    args: ['--user', 'u', '--issued-at', '-10', '--not-before', '30'],
    want: { request: { ...request, issuedAt: -10, notBefore: 30 } },
  },
  'claims are JSON where they can be, else strings, in order': {
    args: ['n=3', 'b=true', 'o={"a":1}', 'l=[1]', 's=x', 'q="3"', 'e=', 'eq=a=b', 'exp=null'].reduce(
      (args, claim) => [...args, '--claim', claim],
      ['--user', 'u'],
    ),
    want: {
      request: {
        ...request,
        claims: [
          ['n', 3],
          ['b', true],
          ['o', { a: 1 }],
          ['l', [1]],
          ['s', 'x'],
          ['q', '3'],
          ['e', ''],
          ['eq', 'a=b'],
          ['exp', null],
        ],
      },
    },
  },
  'audiences are separated by commas or repeated': {
    args: ['--user', 'u', '--audience', 'a,b', '--audience', 'c'],
    want: { request: { ...request, audiences: ['a', 'b', 'c'] } },
  },
  'a forgery names issuer, algorithm, kid and key file': {
    args: ['--user', 'u', '--issuer', 'https://x', '--alg', 'HS256', '--kid', '', '--key', 'f', '--state', 'd'],
    want: {
      request: { ...request, issuer: 'https://x', algorithm: 'HS256', kid: '' },
      keyFile: 'f',
      state: 'd',
    },
  },
};

const refused: Record<string, { args: string[]; want: string | RegExp }> = {
  'no user': { args: [], want: '--user is missing: give the name that becomes sub and email' },
  'an unknown option names those there are': {
    args: ['--user', 'u', '--group', 'a'],
    want: /^unknown option --group: give --user, --groups, --claim, --expires-in, .*--state, --help$/,
  },
  'a word without an option': { args: ['u'], want: /^'u' belongs to no option: give --user, / },
  'an option without its value': { args: ['--user'], want: /--user <value>.* argument missing/ },
  'a negative number where no option waits for a value': { args: ['--user', 'u', '-60'], want: /^unknown option -6: / },
  'everything that is wrong, at once': {
    args: ['--claim', 'x', '--claim', '=y', '--expires-in', '1h', '--alg', 'md5'],
    want: /^--user is missing.*; --alg md5 is no algorithm.*; --claim x is not .*; --claim =y is not .*; --expires-in 1h is no whole number of seconds$/,
  },
  'a fraction of a second': {
    args: ['--user', 'u', '--expires-in', '0.5'],
    want: '--expires-in 0.5 is no whole number of seconds',
  },
};

describe('the command line of the token command', () => {
  test.each(Object.entries(accepted))('%s', (_sentence, { args, want }) => {
    expect(parseTokenOptions(args)).toEqual({ help: false, ...want });
  });

  test.each(Object.entries(refused))('refuses %s', (_sentence, { args, want }) => {
    const parse = (): unknown => parseTokenOptions(args);
    expect(parse).toThrow(IssuerError);
    expect(parse).toThrow(want);
  });

  test('asks for no user where help is asked for', () => {
    expect(parseTokenOptions(['--help']).help).toBe(true);
  });
});
