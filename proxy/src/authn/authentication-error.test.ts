import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AUTHENTICATION_ERRORS, AuthenticationError, type AuthenticationErrorCode } from './authentication-error.ts';

describe('AuthenticationError', () => {
  test('is an error with code, status, detail and cause', () => {
    const cause = new Error('inner');
    const error = new AuthenticationError('TokenExpired', 'at noon', cause);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code: 'TokenExpired', status: 401, detail: 'at noon', cause });
    expect(error.message).toBe('the token has expired: log in again or request a new one: at noon');
    expect(new AuthenticationError('NoToken')).not.toHaveProperty('cause');
  });

  test('shows of a detail what can be printed, up to a bound', () => {
    const error = new AuthenticationError('IssuerUnknown', `a\r\nb\u{202e}c${'x'.repeat(1_000)}`);
    expect(error.message).toMatch(/: a\u{fffd}\u{fffd}b\u{fffd}cx+\.\.\.$/u);
    expect(error.message.length).toBeLessThan(400);
  });

  test('asks for another try only where there is a limit', () => {
    const codes = Object.keys(AUTHENTICATION_ERRORS).filter(
      (code): code is AuthenticationErrorCode => code in AUTHENTICATION_ERRORS,
    );
    const retried = codes.filter((code) => new AuthenticationError(code).retryAfterSeconds !== undefined);
    expect(retried).toEqual(['TooManyTokenReviews']);
  });

  test.each(Object.entries(AUTHENTICATION_ERRORS))('%s says what is wrong in one line', (code, { status, message }) => {
    expect(message).toMatch(/^[a-z][^\n]{20,260}[^.\n]$/u);
    // A new token helps where one was judged, and nowhere else.
    const isJudged = !/Unavailable$|^TooMany/u.test(code);
    expect(status === 401).toBe(isJudged);
  });
});

test('the documentation has every refusal', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/authentication.md'), 'utf8');
  const rows = Object.entries(AUTHENTICATION_ERRORS).map(
    ([code, { status, message }]) => `| \`${code}\` | ${status} | ${message} |`,
  );
  const table = ['| code | status | message |', '|---|---|---|', ...rows].join('\n');
  expect(/<!-- refusals -->\n(.*?)\n<!-- end -->/su.exec(text)?.[1]).toBe(table);
});
