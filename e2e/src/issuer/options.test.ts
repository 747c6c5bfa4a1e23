import { describe, expect, test } from 'vitest';
import { issuerUrl, parseIssuerOptions } from './options.ts';

describe('the command line of the issuer', () => {
  test('has defaults for all but directory, port and audience', () => {
    expect(parseIssuerOptions(['--directory=/d', '--port=8443', '--audience=chaperone'])).toEqual({
      directory: '/d',
      host: '127.0.0.1',
      port: 8443,
      audience: 'chaperone',
      idTokenLifetime: 3600,
    });
  });

  const refused: Record<string, { args: string[]; want: string | RegExp }> = {
    'everything that is missing or wrong at once': {
      args: ['--host', 'example.com', '--port', '70000', '--id-token-lifetime', '1h'],
      want: '--directory is missing; --host example.com is no IP address; --port 70000 is no port; --audience is missing; --id-token-lifetime 1h is no whole number of seconds up to a year',
    },
    'port 0, which its URL could not name': {
      args: ['--directory=/d', '--audience=a', '--port=0'],
      want: '--port 0 is no port',
    },
    'an unknown option': {
      args: ['--aud', 'x'],
      want: 'unknown option --aud: give --directory, --host, --port, --audience, --id-token-lifetime',
    },
  };
  test.each(Object.entries(refused))('refuses %s', (_sentence, { args, want }) => {
    expect(() => parseIssuerOptions(args)).toThrow(want);
  });

  test('an IPv6 address stands in brackets in the URL', () => {
    expect(issuerUrl({ host: '::1', port: 1 })).toBe('https://[::1]:1');
  });
});
