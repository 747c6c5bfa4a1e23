import { refusalOf } from '@chaperone/test/authn/refusal';
import { describe, expect, test } from 'vitest';
import { mapClaims } from './claim-mapper.ts';
import type { Claims } from './compact-token.ts';
import { parseAuthenticationConfiguration, type JwtAuthenticator } from './configuration.ts';

type Fields = Readonly<Record<string, unknown>>;

function authenticatorOf(fields: Fields): JwtAuthenticator {
  const { claimMappings, ...rest } = { claimMappings: {}, ...fields };
  const { jwt } = parseAuthenticationConfiguration({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthenticationConfiguration',
    jwt: [
      {
        issuer: { url: 'https://issuer.example', audiences: ['chaperone'] },
        claimMappings: { username: { claim: 'sub', prefix: 'x:' }, ...claimMappings },
        ...rest,
      },
    ],
  });
  const [authenticator] = jwt;
  if (authenticator === undefined) throw new Error('no authenticator');
  return authenticator;
}

const mappings = (claimMappings: Fields): JwtAuthenticator => authenticatorOf({ claimMappings });
const byGroups = mappings({ groups: { claim: 'groups', prefix: 'x:' } });
const byEmail = mappings({ username: { claim: 'email', prefix: '' } });
const byExpression = mappings({
  username: { expression: "'x:' + claims.sub" },
  groups: { expression: 'has(claims.groups) ? claims.groups : []' },
});
const byExtra = mappings({
  extra: [
    { key: 'chaperone.dev/run', valueExpression: "has(claims.run) ? claims.run : ''" },
    { key: 'a.example/b', valueExpression: 'has(claims.b) ? claims.b : null' },
  ],
});

const map = (authenticator: JwtAuthenticator, claims: Claims) => mapClaims(authenticator, { sub: 'a', ...claims });

describe('mapClaims', () => {
  const table: Record<string, [JwtAuthenticator, Claims, want: Fields]> = {
    'puts the prefix before a claim': [mappings({}), {}, { username: 'x:a', uid: '', groups: [], extra: {} }],
    'reads an email that the issuer verified': [byEmail, { email: 'a@b', email_verified: true }, { username: 'a@b' }],
    'reads an email of an issuer that says nothing of it': [byEmail, { email: 'a@b' }, { username: 'a@b' }],
    'puts the prefix before every group, each once': [
      byGroups,
      { groups: ['b', 'a', 'b'] },
      { groups: ['x:b', 'x:a'] },
    ],
    'takes a text for a group': [byGroups, { groups: 'admins' }, { groups: ['x:admins'] }],
    'takes a missing claim for no groups': [byGroups, {}, { groups: [] }],
    'evaluates expressions': [byExpression, { groups: ['b', '', 'c'] }, { username: 'x:a', groups: ['b', 'c'] }],
    'takes a text of an expression for a group': [byExpression, { groups: 'b' }, { groups: ['b'] }],
    'takes null of an expression for no groups': [
      mappings({ groups: { expression: 'claims.groups' } }),
      { groups: null },
      { groups: [] },
    ],
    'reads a uid': [mappings({ uid: { claim: 'oid' } }), { oid: '7' }, { uid: '7' }],
    'leaves out extras without values': [byExtra, { b: [] }, { extra: {} }],
    'reads extras of one and of several values': [
      byExtra,
      { run: '17', b: ['x', 'y'] },
      { extra: { 'chaperone.dev/run': ['17'], 'a.example/b': ['x', 'y'] } },
    ],
    'reads a claim by a name that only an index can write': [
      mappings({ username: { expression: "'x:' + claims['https://a.example/name']" } }),
      { 'https://a.example/name': 'n' },
      { username: 'x:n' },
    ],
    'reads nested claims': [
      mappings({ groups: { expression: 'claims.realm_access.roles' } }),
      { realm_access: { roles: ['r'] } },
      { groups: ['r'] },
    ],
  };
  test.each(Object.entries(table))('%s', (_sentence, [authenticator, claims, want]) => {
    expect(map(authenticator, claims)).toMatchObject(want);
  });

  test('carries the id of the token as Kubernetes does', () => {
    expect(mapClaims(mappings({}), { sub: 'a' }, 'JTI=1').extra).toEqual({
      'authentication.kubernetes.io/credential-id': ['JTI=1'],
    });
  });

  const overage: Claims = {
    _claim_names: { groups: 'src1' },
    _claim_sources: { src1: { endpoint: 'https://graph.example/users/1/getMemberObjects' } },
  };
  const required = authenticatorOf({ claimValidationRules: [{ claim: 'hd', requiredValue: 'a.example' }] });
  const ruled = authenticatorOf({
    claimValidationRules: [{ expression: "claims.tid == '1'", message: 'wrong tenant' }],
  });
  const userRuled = authenticatorOf({
    claimMappings: { groups: { claim: 'groups', prefix: 'x:' } },
    userValidationRules: [{ expression: "'x:ci' in user.groups", message: 'not of CI' }],
  });
  const refused: Record<string, [JwtAuthenticator, Claims, code: string]> = {
    'a username claim that is missing': [mappings({ username: { claim: 'upn', prefix: '' } }), {}, 'MappingFailed'],
    'a username claim that is a number': [mappings({}), { sub: 7 }, 'MappingFailed'],
    'a username claim that is empty, whatever the prefix': [mappings({}), { sub: '' }, 'MappingFailed'],
    'a username claim that every object has': [
      mappings({ username: { claim: 'toString', prefix: '' } }),
      {},
      'MappingFailed',
    ],
    'a username expression without a value': [
      mappings({ username: { expression: 'claims.upn' } }),
      {},
      'MappingFailed',
    ],
    'a username expression that gives a list': [
      mappings({ username: { expression: 'claims.upn' } }),
      { upn: ['a'] },
      'MappingFailed',
    ],
    'a username expression that gives a bool': [
      mappings({ username: { expression: 'claims.upn' } }),
      { upn: true },
      'MappingFailed',
    ],
    'a username expression that gives an integer beyond 2^53': [
      mappings({ username: { expression: 'string(claims.upn)' } }),
      { upn: 2 ** 60 },
      'MappingFailed',
    ],
    'a username expression that gives nothing': [
      mappings({ username: { expression: 'claims.upn' } }),
      { upn: '' },
      'NameRefused',
    ],
    'an expression that works too hard': [
      mappings({
        username: { expression: "claims.l.all(a, claims.l.all(b, claims.l.all(c, a + b + c != 'x'))) ? 'a' : 'b'" },
      }),
      { l: Array.from({ length: 200 }, String) },
      'MappingFailed',
    ],
    'an email that is not verified': [byEmail, { email: 'a@b', email_verified: false }, 'MappingFailed'],
    'an email that is verified by a text': [byEmail, { email: 'a@b', email_verified: 'true' }, 'MappingFailed'],
    'groups with something that is no text': [byGroups, { groups: ['a', 7] }, 'MappingFailed'],
    'groups that are an object': [byGroups, { groups: { a: 'b' } }, 'MappingFailed'],
    'groups that are null': [byGroups, { groups: null }, 'MappingFailed'],
    'an empty group, whatever the prefix': [byGroups, { groups: ['a', ''] }, 'MappingFailed'],
    'a group expression that gives numbers': [byExpression, { groups: [7] }, 'MappingFailed'],
    'a group expression that gives an object': [byExpression, { groups: { a: 'b' } }, 'MappingFailed'],
    'a uid that is missing': [mappings({ uid: { claim: 'oid' } }), {}, 'MappingFailed'],
    'an extra that is a number': [byExtra, { run: 7 }, 'MappingFailed'],
    'a username of Kubernetes': [
      mappings({ username: { claim: 'sub', prefix: '' } }),
      { sub: 'system:admin' },
      'NameRefused',
    ],
    'a group of Kubernetes': [byExpression, { groups: ['system:masters'] }, 'NameRefused'],
    'a username that a prefix completes': [
      mappings({ username: { claim: 'sub', prefix: 'sys' } }),
      { sub: 'tem:admin' },
      'NameRefused',
    ],
    'the name of a mapped ServiceAccount': [
      mappings({ username: { claim: 'sub', prefix: '' } }),
      { sub: 'chaperone:sa:ci:runner' },
      'NameRefused',
    ],
    'a padded username': [mappings({ username: { claim: 'sub', prefix: '' } }), { sub: 'admin ' }, 'NameRefused'],
    'a line break in a group': [byExpression, { groups: ['a\nb'] }, 'NameRefused'],
    'a required claim that is missing': [required, {}, 'ClaimRefused'],
    'a required claim of another value': [required, { hd: 'b.example' }, 'ClaimRefused'],
    'a required claim in a list': [required, { hd: ['a.example'] }, 'ClaimRefused'],
    'a rule that is false': [ruled, { tid: '2' }, 'ClaimRefused'],
    'a rule without a value': [ruled, {}, 'ClaimRefused'],
    'a rule for the user that is false': [userRuled, { groups: ['dev'] }, 'UserRefused'],
    'groups that are kept elsewhere': [byGroups, overage, 'GroupsElsewhere'],
    'groups that are kept elsewhere, by expression': [byExpression, overage, 'GroupsElsewhere'],
    'groups that the implicit flow leaves out': [byGroups, { hasgroups: true }, 'GroupsElsewhere'],
    'groups that the implicit flow leaves out, as a text': [byGroups, { hasgroups: 'true' }, 'GroupsElsewhere'],
    'aggregated groups': [
      byGroups,
      { _claim_names: { groups: 's' }, _claim_sources: { s: { JWT: 'a.b.c' } } },
      'GroupsElsewhere',
    ],
    'groups elsewhere that only an extra reads': [
      mappings({ extra: [{ key: 'a.example/g', valueExpression: 'has(claims.groups) ? claims.groups : []' }] }),
      overage,
      'GroupsElsewhere',
    ],
    'groups elsewhere that only a rule reads': [
      authenticatorOf({ claimValidationRules: [{ expression: "!has(claims.groups) || !('x' in claims.groups)" }] }),
      overage,
      'GroupsElsewhere',
    ],
  };
  test.each(Object.entries(refused))('refuses %s', (_sentence, [authenticator, claims, code]) => {
    expect(refusalOf(() => map(authenticator, claims))).toBe(code);
  });

  const passed: Record<string, [JwtAuthenticator, Claims]> = {
    'a required claim': [required, { hd: 'a.example' }],
    'a rule that is true': [ruled, { tid: '1' }],
    'a rule for the user that is true': [userRuled, { groups: ['ci'] }],
    'groups elsewhere that nothing reads': [mappings({}), overage],
    'groups elsewhere that are here, too': [byGroups, { ...overage, groups: ['a'] }],
    'another claim elsewhere': [byGroups, { _claim_names: { address: 'src1' } }],
    'hasgroups that is false': [byGroups, { hasgroups: false }],
    'claim names that are no object': [byGroups, { _claim_names: 'groups' }],
  };
  test.each(Object.entries(passed))('accepts %s', (_sentence, [authenticator, claims]) => {
    expect(refusalOf(() => map(authenticator, claims))).toBe('accepted');
  });

  test('tells the message of a rule, or the rule, and no claim', () => {
    expect(() => map(ruled, { tid: 'secret' })).toThrow(/claimValidationRule: wrong tenant$/u);
    expect(() => map(required, { hd: 'secret' })).toThrow(/claimValidationRule: hd$/u);
    expect(() => map(userRuled, {})).toThrow(/userValidationRule: not of CI$/u);
  });
});
