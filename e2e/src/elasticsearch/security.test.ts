import { pbkdf2Sync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { fileRealm, newUsers, parseUsers, passwordHash, serializeUsers } from './security.ts';

test('passwords are random, and each user has its own', () => {
  const all = [newUsers(), newUsers()].flatMap((users) => Object.values(users).map(({ password }) => password));
  expect(new Set(all).size).toBe(8);
  for (const password of all) expect(password).toMatch(/^[\w-]{32}$/);
});

test('users survive being kept', () => {
  const users = newUsers();
  expect(parseUsers(serializeUsers(users))).toEqual(users);
});

describe('what was not kept whole is not read', () => {
  const cases: Record<string, string> = {
    'an empty file': '',
    'a file cut short': '{"superuser":"a","insta',
    'a user that is missing': '{"superuser":"a","installer":"b","writer":"c"}',
    'an empty password': '{"superuser":"a","installer":"b","writer":"c","reader":""}',
    'a password that is a number': '{"superuser":"a","installer":"b","writer":"c","reader":1}',
    'no object': 'null',
  };
  test.each(Object.entries(cases))('%s', (_, text) => {
    expect(parseUsers(text)).toBeUndefined();
  });
});

describe("the file realm's files", () => {
  const users = newUsers();
  const files = fileRealm(users);

  test('are the same for the same users, so that a running server is left alone', () => {
    expect(fileRealm(users)).toEqual(files);
  });

  test('hold no password', () => {
    const text = Object.values(files).join('\n');
    for (const { password } of Object.values(users)) expect(text).not.toContain(password);
  });

  test('give the writer nothing but appending', () => {
    const roles: unknown = parse(files['roles.yml'] ?? '');
    expect(roles).toHaveProperty('chaperone_writer', {
      cluster: [],
      indices: [{ names: ['logs-*'], privileges: ['auto_configure', 'create_doc'] }],
    });
  });

  test("give every user one role, which roles.yml defines or is Elasticsearch's own", () => {
    const roles: unknown = parse(files['roles.yml'] ?? '');
    const lines = (files['users_roles'] ?? '').trim().split('\n');
    expect(lines.map((line) => line.split(':')[1])).toEqual(Object.values(users).map(({ username }) => username));
    for (const role of lines.map((line) => line.split(':')[0] ?? '')) {
      expect(['superuser', ...Object.keys(roles ?? {})]).toContain(role);
    }
  });
});

test("a hash has the form of Elasticsearch's PBKDF2: salt and key of 44 characters, HMAC-SHA-512", () => {
  const hash = passwordHash({ username: 'u', password: 'secret' });
  const [, salt = '', key = ''] = /^\{PBKDF2\}10000\$(.{44})\$(.{44})$/.exec(hash) ?? [];
  expect(pbkdf2Sync('secret', Buffer.from(salt, 'base64'), 10_000, 32, 'sha512').toString('base64')).toBe(key);
});
