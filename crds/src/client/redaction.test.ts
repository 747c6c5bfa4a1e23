import { expect, test } from 'vitest';
import { redactText, truncateText } from './redaction.ts';

const secrets: Readonly<Record<string, string>> = {
  'a PEM block that was cut': '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIA',
  'a header with a token, whatever its case': 'authorization: bEaReR abcdefgh12345678',
  'a header with a password': 'Authorization: Basic dXNlcjpwYXNz',
  'a JSON Web Token': 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln',
  'a token among subprotocols': 'base64url.bearer.authorization.k8s.io.c2VjcmV0',
  'a password in a URL': 'https://user:hunter22@example.com/path',
};

test.each(Object.entries(secrets))('%s is taken out, and the words around it stay', (_, secret) => {
  const redacted = redactText(`before ${secret} after`);
  expect(redacted).toContain('[redacted]');
  expect(redacted.startsWith('before ')).toBe(true);
  expect(redacted).not.toMatch(/MHcCAQEEIA|abcdefgh12345678|dXNlcjpwYXNz|c2ln|c2VjcmV0|hunter22/);
});

test('what holds nothing suspicious comes back as it is, and is cut where it is too long', () => {
  expect(redactText('pods "web" not found')).toBe('pods "web" not found');
  expect(redactText('x'.repeat(50), 10)).toBe('xxxxxxx...');
  expect(truncateText('ab\u{1f600}cdef', 6)).toBe('ab...');
});
