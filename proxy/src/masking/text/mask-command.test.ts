import { expect, test } from 'vitest';
import { credentialName } from './credential-names.ts';
import { newFinder } from './find.ts';
import { maskCommand } from './mask-command.ts';
import { redacted } from './placeholder.ts';
import { shellCommands } from './shell-words.ts';

const finder = newFinder({ detectors: 'all', patterns: [] });
const M = '[MASKED:command-argument]';

const COMMANDS: Readonly<Record<string, readonly [args: readonly string[], masked: readonly string[]]>> = {
  'a flag with its value': [
    ['app', '--password=x', '-v'],
    ['app', `--password=${M}`, '-v'],
  ],
  'a flag before its value': [
    ['app', '--token', 'x', '-v'],
    ['app', '--token', M, '-v'],
  ],
  'a flag with one dash': [
    ['java', '-Djavax.net.ssl.keyStorePassword=x'],
    ['java', `-Djavax.net.ssl.keyStorePassword=${M}`],
  ],
  'a variable': [
    ['env', 'DB_PASSWORD=x', 'DEBUG=1', 'run'],
    ['env', `DB_PASSWORD=${M}`, 'DEBUG=1', 'run'],
  ],
  'the password of mysql': [
    ['mysql', '-uroot', '-phunter2', 'app'],
    ['mysql', '-uroot', `-p${M}`, 'app'],
  ],
  'the same behind other programs': [
    ['sudo', '/usr/bin/mysqldump', '-px', 'app'],
    ['sudo', '/usr/bin/mysqldump', `-p${M}`, 'app'],
  ],
  'the user of curl stays': [
    ['curl', '-u', 'me:x', '-sS'],
    ['curl', '-u', `me:${M}`, '-sS'],
  ],
  'the user of curl in one argument': [
    ['curl', '-ume:x', 'h'],
    ['curl', `-ume:${M}`, 'h'],
  ],
  'a header of curl': [
    ['curl', '-H', 'Authorization: Bearer abcdef'],
    ['curl', '-H', 'Authorization: Bearer [MASKED:authorization]'],
  ],
  'a URL of psql': [
    ['psql', 'postgres://u:p@h/db'],
    ['psql', 'postgres://u:[MASKED:url-password]@h/db'],
  ],
  'values of helm': [
    ['helm', 'install', '--set', 'a=b,db.password=x'],
    ['helm', 'install', '--set', `a=b,db.password=${M}`],
  ],
  'the password of openssl without its scheme': [
    ['openssl', 'rsa', '-passin', 'pass:x'],
    ['openssl', 'rsa', '-passin', `pass:${M}`],
  ],
  'the commands of a shell, one by one': [
    ['sh', '-c', `cd /tmp && PGPASSWORD="a b" psql -h db; redis-cli -a 'x' ping | grep -p y`],
    ['sh', '-c', `cd /tmp && PGPASSWORD="${M}" psql -h db; redis-cli -a '${M}' ping | grep -p y`],
  ],
  'a shell with other flags before': [
    ['/bin/bash', '-e', '-lc', 'mysql -px'],
    ['/bin/bash', '-e', '-lc', `mysql -p${M}`],
  ],
  'a port is no password': [
    ['ssh', '-p', '22', 'host'],
    ['ssh', '-p', '22', 'host'],
  ],
  'a variable that the shell fills in stays': [
    ['sh', '-c', 'mysql -p$PASSWORD --password ${PW}'],
    ['sh', '-c', 'mysql -p$PASSWORD --password ${PW}'],
  ],
  'a flag behind a flag is no value': [
    ['app', '--token', '--verbose'],
    ['app', '--token', '--verbose'],
  ],
  'where a password is, is none': [
    ['app', '--password-file=/run/p', '--token-ttl', '3'],
    ['app', '--password-file=/run/p', '--token-ttl', '3'],
  ],
  nothing: [[], []],
};

test.each(Object.entries(COMMANDS))('%s', (_, [args, expected]) => {
  const once = maskCommand(args, finder, redacted);
  expect(once.arguments).toEqual(expected);
  const twice = maskCommand(once.arguments, finder, redacted);
  expect(twice.arguments).toEqual(expected);
  expect(twice.counts.size).toBe(0);
});

test('a shell text is split as a shell would, and words know where they stand', () => {
  const text = `a "b c" d\\ e'f'|g;h`;
  const words = shellCommands(text).map((command) => command.map(({ value }) => value));
  expect(words).toEqual([['a', 'b c', 'd ef'], ['g'], ['h']]);
  expect(shellCommands(text)[0]?.map(({ start, end }) => text.slice(start, end))).toEqual(['a', '"b c"', `d\\ e'f'`]);
  expect(shellCommands(`a "b`)).toHaveLength(1);
});

test.each(['password', 'DB_PASSWORD', 'spring.datasource.password', 'PGPASSWORD', 'MYSQL_PWD', 'root-pass'])(
  '%s is the name of a password',
  (name) => expect(credentialName(name)).toBe('Password'),
);

test.each([
  'token',
  'ACCESS_TOKEN',
  'clientSecret',
  'SECRET_KEY_BASE',
  'apiKey',
  'api-key',
  'AWS_SECRET_ACCESS_KEY',
  'privateKey',
])('%s is the name of a token', (name) => expect(credentialName(name)).toBe('Token'));

test.each([
  'secretName',
  'passwordFile',
  'tokenExpirationSeconds',
  'max_tokens',
  'compass',
  'bypass',
  'secretKeyRef',
  'tokenreviews',
  'keyboard',
  'author',
])('%s promises nothing', (name) => expect(credentialName(name)).toBeUndefined());
