import { compileRegex, type Pattern } from '@chaperone/crds/expression/regex';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newFinder } from './find.ts';
import { KnownValues } from './known-values.ts';
import { maskText } from './mask-text.ts';
import { redacted } from './placeholder.ts';

const FORGE_TOKEN = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`;

function pattern(source: string): Pattern {
  const result = compileRegex(source);
  if (result.kind !== 'pattern') throw new Error(result.message);
  return result.pattern;
}

const everything = newFinder({ detectors: 'all', patterns: [] });
const masked = (text: string): string => maskText(text, everything, redacted).text;

const MASKED: Readonly<Record<string, readonly [text: string, masked: string]>> = {
  'a value goes, what is around it stays': [
    'a: 1\npassword: hunter2\nb: 2',
    'a: 1\npassword: [MASKED:credential]\nb: 2',
  ],
  'a quote inside a JSON string does not end it': [
    '{"password":"a\\"b","x":1}',
    '{"password":"[MASKED:credential]","x":1}',
  ],
  'the detector that knows what it found gives the name': [`token: ${FORGE_TOKEN}`, 'token: [MASKED:github-token]'],
  'what is behind an escape is a token': [`\\n${FORGE_TOKEN}\\u0026x`, '\\n[MASKED:github-token]\\u0026x'],
  'a password with an @ goes as a whole': ['postgres://u:p@ss1@db/x', 'postgres://u:[MASKED:url-password]@db/x'],
  'the value of a variable is beside its name': [
    '{"name":"DB_PASSWORD","value":"hunter2"}',
    '{"name":"DB_PASSWORD","value":"[MASKED:credential]"}',
  ],
  'in YAML on the next line': [
    '- name: DB_PASSWORD\n  value: hunter2\n- name: X',
    '- name: DB_PASSWORD\n  value: [MASKED:credential]\n- name: X',
  ],
  'in JSON inside of JSON': [
    JSON.stringify('{"name":"DB_PASSWORD","value":"hunter2"}'),
    JSON.stringify('{"name":"DB_PASSWORD","value":"[MASKED:credential]"}'),
  ],
  'base64 is read, and masked as a whole': [
    Buffer.from('a: 1\npassword: hunter2hunter2\n'.repeat(2)).toString('base64'),
    '[MASKED:credential]',
  ],
  'base64 of base64 is read': [
    Buffer.from(Buffer.from('a: 1\npassword: hunter2hunter2\n'.repeat(2)).toString('base64')).toString('base64'),
    '[MASKED:credential]',
  ],
  'what is beside a placeholder is masked, the placeholder stays': [
    'password=[MASKED:jwt]abc1',
    'password=[MASKED:jwt][MASKED:credential]',
  ],
};

test.each(Object.entries(MASKED))('%s', (_, [text, expected]) => {
  expect(masked(text)).toBe(expected);
});

const LEFT: readonly string[] = [
  'password: ${DB_PASSWORD}',
  'password: $(DB_PASSWORD)',
  'password: {{ .Values.password | quote }}',
  'password: <your password>',
  'PASSWORD=changeme',
  'PASSWORD=xxxxxxxx',
  'token: ""',
  'tokenExpirationSeconds: 3600',
  'automountServiceAccountToken: false',
  'passwordSecretRef: db-password-1',
  'secretName: web-tls-2',
  'secretKeyRef:\n  name: db2\n  key: password',
  '--token-auth-file=/etc/kubernetes/tokens.csv',
  'password_file: /run/secrets/db2',
  'max_tokens: 4096',
  'registry:5000/team/web@sha256:4a6f1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b',
  'uid: 3f2504e0-4f89-11d3-9a0c-0305e82c3301',
  'resourceVersion: "123456789"',
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGfakefakefakefakefakefakefakefakefakefakefa user@host',
  `-----BEGIN CERTIFICATE-----\n${'MIIB'.repeat(40)}\n-----END CERTIFICATE-----`,
  Buffer.from(`-----BEGIN CERTIFICATE-----\n${'MIIB'.repeat(40)}\n-----END CERTIFICATE-----`).toString('base64'),
  `-----BEGIN PUBLIC KEY-----\n${'MIIB'.repeat(40)}\n-----END PUBLIC KEY-----`,
  '-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----',
  'token = get_token(user1Id)',
  '- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef: {name: db2, key: password}',
  'Authorization: Bearer $TOKEN',
  'Authorization: Bearer <token>',
  'authorization: rbac',
  'error: invalid bearer token',
  'http://localhost:8080/path@x',
  'https://user@example.com/',
  'nginx.17a2b3c4d5e6f7a8',
  `eyJ${'hbGciOiJub25l'.repeat(3)}`,
];

test.each(LEFT)('no secret, so left as it is: %j', (text) => {
  expect(masked(text)).toBe(text);
});

describe('a finder', () => {
  test('has the detectors of the kinds that it was asked for, and those of no kind', () => {
    const find = newFinder({ detectors: ['JWT'], patterns: [] });
    expect(find(FORGE_TOKEN)).toEqual([]);
    expect(find('Authorization: Bearer abcdefgh1').map(({ name }) => name)).toEqual(['authorization']);
    expect(newFinder({ detectors: ['ForgeToken'], patterns: [] })(FORGE_TOKEN)).toHaveLength(1);
  });

  test('leaves out those of no kind where it is told to', () => {
    const find = newFinder({ detectors: ['ForgeToken'], alwaysOn: false, patterns: [] });
    expect(find('password=hunter2')).toEqual([]);
    expect(find(FORGE_TOKEN)).toHaveLength(1);
    expect(newFinder({ detectors: [], alwaysOn: false, patterns: [] })(`password=hunter2 ${FORGE_TOKEN}`)).toEqual([]);
  });

  test('finds the patterns of rules under their names', () => {
    const find = newFinder({ detectors: [], patterns: [{ name: 'rule/customer', pattern: pattern('CUST-[0-9]{4}') }] });
    expect(maskText('of CUST-1234 and CUST-5678', find, redacted)).toEqual({
      text: 'of [MASKED:rule/customer] and [MASKED:rule/customer]',
      counts: new Map([['rule/customer', 2]]),
    });
  });

  test('finds a match of a pattern wherever it stands in a long text', () => {
    const find = newFinder({ detectors: [], patterns: [{ name: 'c', pattern: pattern('CUST-[0-9]{400}') }] });
    const number = `CUST-${'7'.repeat(400)}`;
    for (let at = 6_000; at < 9_000; at += 131) {
      const text = `${'-'.repeat(at)}${number}${'-'.repeat(20_000)}`;
      expect(find(text)).toEqual([{ start: at, end: at + number.length, name: 'c' }]);
    }
  });

  test('unites findings that overlap, so that no end of one is left', () => {
    const patterns = [
      { name: 'long', pattern: pattern('abcdef') },
      { name: 'short', pattern: pattern('efgh') },
    ];
    expect(newFinder({ detectors: [], patterns })('-abcdefgh-')).toEqual([{ start: 1, end: 9, name: 'long' }]);
  });
});

const words = fc.constantFrom(
  'password',
  'token',
  ': ',
  '=',
  '"',
  "'",
  '\\',
  '\n',
  ' ',
  '--',
  'hunter22',
  FORGE_TOKEN,
  'https://u:',
  '@h',
  'Bearer ',
  'Authorization: ',
  ';',
  '&',
  ',',
  '[MASKED:',
  'a]',
  '[MASKED:jwt]',
  '-----BEGIN RSA PRIVATE KEY-----',
  'A1b2'.repeat(12),
  '-----END RSA PRIVATE KEY-----',
  'known-secret-1',
  '{',
  '}',
  'é',
);

test('masking twice is masking once, whatever the text', () => {
  const known = new KnownValues();
  known.add('known-secret-1');
  const find = newFinder({ detectors: 'all', patterns: [{ name: 'r/p', pattern: pattern('[0-9]{2}') }], known });
  const texts = fc.oneof(
    fc.array(words, { maxLength: 14 }).map((parts) => parts.join('')),
    fc.string({ maxLength: 60 }),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const once = maskText(text, find, redacted).text;
      const twice = maskText(once, find, redacted);
      expect(twice.text).toBe(once);
      expect(twice.counts.size).toBe(0);
    }),
    { numRuns: 3_000 },
  );
});
