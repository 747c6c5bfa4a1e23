import { newCertificateAuthority } from '@chaperone/e2e/certificates/authority';
import { describe, expect, test } from 'vitest';
import { AuthenticationConfigurationError, parseAuthenticationConfiguration } from './configuration.ts';
import type { ConfigurationOptions } from './configuration.ts';

type Fields = Readonly<Record<string, unknown>>;

const ISSUER = { url: 'https://issuer.example', audiences: ['chaperone'] };
const USERNAME = { claim: 'sub', prefix: 'x:' };

const configurationOf = (...jwt: unknown[]): Fields => ({
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'AuthenticationConfiguration',
  jwt,
});

const withIssuer = (issuer: Fields): Fields =>
  configurationOf({ issuer: { ...ISSUER, ...issuer }, claimMappings: { username: USERNAME } });
const withMappings = (claimMappings: Fields): Fields =>
  configurationOf({ issuer: ISSUER, claimMappings: { username: USERNAME, ...claimMappings } });
const withUsername = (username: Fields): Fields => withMappings({ username });
const withExtra = (...extra: Fields[]): Fields => withMappings({ extra });
const withRules = (...claimValidationRules: Fields[]): Fields =>
  configurationOf({ issuer: ISSUER, claimMappings: { username: USERNAME }, claimValidationRules });
const withUserRules = (...userValidationRules: Fields[]): Fields =>
  configurationOf({ issuer: ISSUER, claimMappings: { username: USERNAME }, userValidationRules });

function findings(value: unknown, options: ConfigurationOptions = {}): readonly string[] {
  try {
    parseAuthenticationConfiguration(value, options);
    return [];
  } catch (error) {
    if (error instanceof AuthenticationConfigurationError) return error.findings;
    throw error;
  }
}

describe('parseAuthenticationConfiguration', () => {
  test('answers authenticators with what is not given filled in', async () => {
    const authority = await newCertificateAuthority('issuer');
    const pem = authority.keyPair.certificate;
    const { jwt } = parseAuthenticationConfiguration(
      configurationOf({
        issuer: { ...ISSUER, url: 'https://issuer.example/realm/', certificateAuthority: `# ours\n${pem}\n${pem}` },
        claimMappings: { username: USERNAME, uid: { claim: 'oid' }, groups: null },
      }),
    );
    expect(jwt).toEqual([
      {
        issuer: {
          url: 'https://issuer.example/realm/',
          discoveryUrl: 'https://issuer.example/realm/.well-known/openid-configuration',
          certificateAuthority: [pem.trim(), pem.trim()],
          audiences: ['chaperone'],
        },
        claimValidationRules: [],
        claimMappings: {
          username: { kind: 'claim', claim: 'sub', prefix: 'x:' },
          groups: undefined,
          uid: { kind: 'claim', claim: 'oid', prefix: '' },
          extra: [],
        },
        userValidationRules: [],
      },
    ]);
  });

  const accepted: Record<string, unknown> = {
    'no authenticators': configurationOf(),
    'a file without jwt': { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration' },
    'anonymous switched off': { ...configurationOf(), anonymous: { enabled: false } },
    'one audience with its policy': withIssuer({ audienceMatchPolicy: 'MatchAny' }),
    'several audiences with their policy': withIssuer({ audiences: ['a', 'b'], audienceMatchPolicy: 'MatchAny' }),
    'a discovery URL of its own': withIssuer({ discoveryURL: 'https://oidc.svc/.well-known/openid-configuration' }),
    'an empty prefix': withUsername({ claim: 'sub', prefix: '' }),
    'a username by expression': withUsername({ expression: "'x:' + claims.sub" }),
    'a claim, whose type only the token tells, as username': withUsername({ expression: 'claims.sub' }),
    'an email whose verification a rule asks for': configurationOf({
      issuer: ISSUER,
      claimMappings: { username: { expression: 'claims.email' } },
      claimValidationRules: [{ expression: 'claims.email_verified == true' }],
    }),
    'an email whose verification an extra shows': withMappings({
      username: { expression: 'claims.email' },
      extra: [{ key: 'a.example/verified', valueExpression: 'string(claims.email_verified)' }],
    }),
    'the email claim, whose verification is asked of the token': withUsername({ claim: 'email', prefix: '' }),
    'groups by expression': withMappings({
      groups: { expression: "has(claims.roles) ? claims.roles.map(r, 'x:' + r) : []" },
    }),
    'extras of Chaperone and of others': withExtra(
      { key: 'chaperone.dev/run', valueExpression: 'claims.run_id' },
      { key: 'a-b.example.com/c/d', valueExpression: '[claims.a, claims.b]' },
    ),
    'rules of both kinds': withRules(
      { claim: 'hd', requiredValue: 'a.example' },
      { expression: 'claims.a == 1', message: 'm' },
    ),
    'a claim that must be present and empty': withRules({ claim: 'hd' }),
    'rules for the user': withUserRules({ expression: "user.groups.all(g, !g.startsWith('x'))" }),
    'rules for extras of the user': withUserRules({ expression: "!('a.example/b' in user.extra) || user.uid != ''" }),
  };
  test.each(Object.entries(accepted))('accepts %s', (_sentence, value) => {
    expect(findings(value)).toEqual([]);
  });

  const EMAIL =
    'claims.email_verified must be used in username.expression, extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used here';
  const refused: Record<string, [value: unknown, want: readonly string[]]> = {
    nothing: [null, ['(root): Invalid input: expected object, received null']],
    'another version': [
      { ...configurationOf(), apiVersion: 'apiserver.config.k8s.io/v2' },
      [expect.stringMatching(/^apiVersion: /u)],
    ],
    'another kind': [{ ...configurationOf(), kind: 'AuthorizationConfiguration' }, [expect.stringMatching(/^kind: /u)]],
    'a field that does not exist': [{ ...configurationOf(), jwts: [] }, ['jwts: there is no such field']],
    'a field of an issuer that does not exist': [
      withIssuer({ certificateAuthorityFile: 'x' }),
      ['jwt[0].issuer.certificateAuthorityFile: there is no such field'],
    ],
    'a field of another type': [
      withIssuer({ audiences: 'chaperone' }),
      ['jwt[0].issuer.audiences: Invalid input: expected array, received string'],
    ],
    'anonymous callers': [
      { ...configurationOf(), anonymous: { enabled: true } },
      ['anonymous: Forbidden: nothing is forwarded without an identity'],
    ],
    'an issuer without a URL': [
      withIssuer({ url: '' }),
      ['jwt[0].issuer.url: Required value: the issuer of the tokens, exactly as in their iss'],
    ],
    'an issuer that is no URL': [
      withIssuer({ url: 'issuer' }),
      ['jwt[0].issuer.url: Invalid value: "issuer": must be a URL'],
    ],
    'an issuer in the clear': [
      withIssuer({ url: 'http://a.example' }),
      ['jwt[0].issuer.url: Invalid value: "http://a.example": URL scheme must be https'],
    ],
    'an issuer with a password, without showing it': [
      withIssuer({ url: 'https://u:hunter2@a.example' }),
      ['jwt[0].issuer.url: Forbidden: URL must not contain a username or password'],
    ],
    'an issuer with a query': [
      withIssuer({ url: 'https://a.example/?' }),
      ['jwt[0].issuer.url: Invalid value: "https://a.example/?": URL must not contain a query'],
    ],
    'an issuer with a fragment': [
      withIssuer({ url: 'https://a.example/#x' }),
      ['jwt[0].issuer.url: Invalid value: "https://a.example/#x": URL must not contain a fragment'],
    ],
    'a discovery URL that is the issuer': [
      withIssuer({ discoveryURL: 'https://issuer.example/' }),
      ['jwt[0].issuer.discoveryURL: Invalid value: "https://issuer.example/": must differ from url; leave it out'],
    ],
    'a discovery URL in the clear': [
      withIssuer({ discoveryURL: 'http://a.example/d' }),
      ['jwt[0].issuer.discoveryURL: Invalid value: "http://a.example/d": URL scheme must be https'],
    ],
    'no audience': [
      withIssuer({ audiences: [] }),
      ['jwt[0].issuer.audiences: Required value: at least one audience is required'],
    ],
    'an empty audience': [
      withIssuer({ audiences: [''] }),
      ['jwt[0].issuer.audiences[0]: Required value: must not be empty'],
    ],
    'an audience twice': [
      withIssuer({ audiences: ['a', 'a'], audienceMatchPolicy: 'MatchAny' }),
      ['jwt[0].issuer.audiences[1]: Duplicate value: "a": must be unique in its list'],
    ],
    'several audiences without a policy': [
      withIssuer({ audiences: ['a', 'b'] }),
      ['jwt[0].issuer.audienceMatchPolicy: Unsupported value: "": supported values: "MatchAny"'],
    ],
    'another policy of audiences': [
      withIssuer({ audienceMatchPolicy: 'MatchAll' }),
      ['jwt[0].issuer.audienceMatchPolicy: Unsupported value: "MatchAll": supported values: "MatchAny"'],
    ],
    'an egress selector': [
      withIssuer({ egressSelectorType: 'cluster' }),
      ['jwt[0].issuer.egressSelectorType: Forbidden: belongs to the API server, and this is none'],
    ],
    'an authority that is no PEM, without showing it': [
      withIssuer({ certificateAuthority: 'hunter2' }),
      ['jwt[0].issuer.certificateAuthority: Invalid value: must be certificates in PEM'],
    ],
    'an authority that cannot be read': [
      withIssuer({ certificateAuthority: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' }),
      ['jwt[0].issuer.certificateAuthority: Invalid value: certificate 1 cannot be read'],
    ],
    'no username': [
      withUsername({}),
      ['jwt[0].claimMappings.username: Required value: claim or expression is required'],
    ],
    'a username by claim and expression': [
      withUsername({ claim: 'sub', prefix: '', expression: 'claims.sub' }),
      ['jwt[0].claimMappings.username: Invalid value: "sub": claim and expression can\'t both be set'],
    ],
    'a claim without a prefix': [
      withUsername({ claim: 'sub' }),
      [
        'jwt[0].claimMappings.username.prefix: Required value: prefix is required when claim is set; it may be empty, which is not recommended',
      ],
    ],
    'groups without a prefix': [
      withMappings({ groups: { claim: 'groups' } }),
      [
        'jwt[0].claimMappings.groups.prefix: Required value: prefix is required when claim is set; it may be empty, which is not recommended',
      ],
    ],
    'a prefix beside an expression': [
      withUsername({ expression: 'claims.sub', prefix: 'x:' }),
      ['jwt[0].claimMappings.username.prefix: Invalid value: "x:": may not be specified when expression is set'],
    ],
    'a prefix without a claim': [
      withMappings({ groups: { prefix: 'x:' } }),
      ['jwt[0].claimMappings.groups.prefix: Invalid value: "x:": means nothing without claim'],
    ],
    'a prefix of Kubernetes': [
      withUsername({ claim: 'sub', prefix: 'system:' }),
      ['jwt[0].claimMappings.username.prefix: Forbidden: names that begin with system: are reserved'],
    ],
    'a prefix of mapped ServiceAccounts': [
      withMappings({ groups: { claim: 'g', prefix: 'chaperone:sa:' } }),
      ['jwt[0].claimMappings.groups.prefix: Forbidden: names that begin with chaperone: are reserved'],
    ],
    'a prefix that begins with a blank': [
      withUsername({ claim: 'sub', prefix: ' x' }),
      ['jwt[0].claimMappings.username.prefix: Invalid value: " x": begins with a blank or holds a control character'],
    ],
    'a prefix for the uid': [
      withMappings({ uid: { claim: 'sub', prefix: 'x' } }),
      ['jwt[0].claimMappings.uid.prefix: there is no such field'],
    ],
    'a username that is a number': [
      withUsername({ expression: '7' }),
      ['jwt[0].claimMappings.username.expression: Invalid value: "7": must be string, but is int'],
    ],
    'a uid that is a list': [
      withMappings({ uid: { expression: '[claims.sub]' } }),
      [expect.stringMatching(/^jwt\[0\]\.claimMappings\.uid\.expression: .*must be string, but is list/u)],
    ],
    'groups that are a map': [
      withMappings({ groups: { expression: "{'a': 'b'}" } }),
      [expect.stringMatching(/must be string or list\(string\), but is map/u)],
    ],
    'groups that are numbers': [
      withMappings({ groups: { expression: '[1]' } }),
      [expect.stringMatching(/must be string or list\(string\), but is list\(int\)/u)],
    ],
    'an expression that cannot be read': [
      withUsername({ expression: 'claims.' }),
      [expect.stringMatching(/^jwt\[0\]\.claimMappings\.username\.expression: Invalid value: "claims\.": 1:\d+: /u)],
    ],
    'a variable that does not exist': [
      withUsername({ expression: 'claim.sub' }),
      [expect.stringMatching(/username\.expression: .*1:1: .*claim/u)],
    ],
    'user, where only claims are known': [
      withRules({ expression: "user.username == 'a'" }),
      [expect.stringMatching(/claimValidationRules\[0\]\.expression: /u)],
    ],
    'claims, where only the user is known': [
      withUserRules({ expression: "claims.sub == 'a'" }),
      [expect.stringMatching(/userValidationRules\[0\]\.expression: /u)],
    ],
    'optional values, with what to write instead': [
      withUsername({ expression: 'claims.?sub.orValue("a")' }),
      [expect.stringMatching(/write has\(object\.a\) \? object\.a : 'default'/u)],
    ],
    'an email that nobody verified': [
      withUsername({ expression: 'claims.email' }),
      [`jwt[0].claimMappings.username.expression: Invalid value: "claims.email": ${EMAIL}`],
    ],
    'an email by index that nobody verified': [
      withUsername({ expression: "claims['email']" }),
      [`jwt[0].claimMappings.username.expression: Invalid value: "claims['email']": ${EMAIL}`],
    ],
    'a rule with claim and expression': [
      withRules({ claim: 'a', expression: 'true' }),
      ['jwt[0].claimValidationRules[0]: Invalid value: "a": claim and expression can\'t both be set'],
    ],
    'a rule without either': [
      withRules({ message: 'm' }),
      ['jwt[0].claimValidationRules[0]: Required value: claim or expression is required'],
    ],
    'a message for a claim': [
      withRules({ claim: 'a', message: 'm' }),
      ['jwt[0].claimValidationRules[0].message: Forbidden: may not be specified when claim is set'],
    ],
    'a value for an expression': [
      withRules({ expression: 'true', requiredValue: 'v' }),
      ['jwt[0].claimValidationRules[0].requiredValue: Forbidden: may not be specified when expression is set'],
    ],
    'a claim in two rules': [
      withRules({ claim: 'a' }, { claim: 'a', requiredValue: 'b' }),
      ['jwt[0].claimValidationRules[1].claim: Duplicate value: "a": must be unique in its list'],
    ],
    'an expression in two rules': [
      withRules({ expression: 'true' }, { expression: 'true' }),
      ['jwt[0].claimValidationRules[1].expression: Duplicate value: "true": must be unique in its list'],
    ],
    'a rule that is no bool': [
      withRules({ expression: 'claims.email_verified' }),
      [expect.stringMatching(/must be bool, but is dyn/u)],
    ],
    'a rule for the user without an expression': [
      withUserRules({ message: 'm' }),
      ['jwt[0].userValidationRules[0].expression: Required value: an expression is required'],
    ],
    'a rule for the user twice': [
      withUserRules({ expression: 'true' }, { expression: 'true' }),
      ['jwt[0].userValidationRules[1].expression: Duplicate value: "true": must be unique in its list'],
    ],
    'an extra without a key': [
      withExtra({ valueExpression: "'a'" }),
      ['jwt[0].claimMappings.extra[0].key: Required value: a key'],
    ],
    'an extra without a domain': [
      withExtra({ key: 'team', valueExpression: "'a'" }),
      [
        'jwt[0].claimMappings.extra[0].key: Invalid value: "team": must be a domain-prefixed path, such as example.com/team',
      ],
    ],
    'an extra without a path': [
      withExtra({ key: 'a.example/', valueExpression: "'a'" }),
      [
        'jwt[0].claimMappings.extra[0].key: Invalid value: "a.example/": must be a domain-prefixed path, such as example.com/team',
      ],
    ],
    'an extra in capitals': [
      withExtra({ key: 'a.example/Team', valueExpression: "'a'" }),
      ['jwt[0].claimMappings.extra[0].key: Invalid value: "a.example/Team": must be lowercase'],
    ],
    'an extra of Kubernetes': [
      withExtra({ key: 'authentication.kubernetes.io/pod-name', valueExpression: "'a'" }),
      [expect.stringMatching(/reserved for Kubernetes$/u)],
    ],
    'an extra of k8s.io': [
      withExtra({ key: 'k8s.io/a', valueExpression: "'a'" }),
      [expect.stringMatching(/reserved for Kubernetes$/u)],
    ],
    'the extra that the gateway sets': [
      withExtra({ key: 'chaperone.dev/via', valueExpression: "'a'" }),
      ['jwt[0].claimMappings.extra[0].key: Invalid value: "chaperone.dev/via": is set by the gateway alone'],
    ],
    'an extra twice': [
      withExtra({ key: 'a.example/b', valueExpression: "'a'" }, { key: 'a.example/b', valueExpression: "'b'" }),
      ['jwt[0].claimMappings.extra[1].key: Duplicate value: "a.example/b": must be unique in its list'],
    ],
    'an extra without an expression': [
      withExtra({ key: 'a.example/b' }),
      ['jwt[0].claimMappings.extra[0].valueExpression: Required value: an expression is required'],
    ],
  };
  test.each(Object.entries(refused))('refuses %s', (_sentence, [value, want]) => {
    expect(findings(value)).toEqual(want);
  });

  test('refuses two authenticators that one issuer, or one discovery document, would lead to', () => {
    const entry = (url: string): Fields => ({
      issuer: { ...ISSUER, url, discoveryURL: 'https://d.example/d' },
      claimMappings: { username: USERNAME },
    });
    expect(
      findings(configurationOf(entry('https://a.example'), entry('https://b.example'), entry('https://a.example'))),
    ).toEqual([
      'jwt[1].issuer.discoveryURL: Duplicate value: "https://d.example/d": must be unique in its list',
      'jwt[2].issuer.url: Duplicate value: "https://a.example": must be unique in its list',
      'jwt[2].issuer.discoveryURL: Duplicate value: "https://d.example/d": must be unique in its list',
    ]);
  });

  test('takes issuers that differ in a slash for two', () => {
    const entry = (url: string): Fields => ({ issuer: { ...ISSUER, url }, claimMappings: { username: USERNAME } });
    expect(findings(configurationOf(entry('https://a.example'), entry('https://a.example/')))).toEqual([]);
  });

  test("refuses the cluster's own issuer", () => {
    expect(findings(withIssuer({}), { disallowedIssuers: ['https://issuer.example'] })).toEqual([
      'jwt[0].issuer.url: Invalid value: "https://issuer.example": is the cluster\'s own issuer, whose tokens are judged by TokenReview',
    ]);
  });

  test('refuses more than 64 authenticators', () => {
    const entries = Array.from({ length: 65 }, (_, index) => ({
      issuer: { ...ISSUER, url: `https://i${index}.example` },
      claimMappings: { username: USERNAME },
    }));
    expect(findings(configurationOf(...entries))).toEqual(['jwt: Too many: must have at most 64 items']);
    expect(findings(configurationOf(...entries.slice(1)))).toEqual([]);
  });

  test('names every fault of every authenticator at once, one a line', () => {
    const value = configurationOf(
      { issuer: 7 },
      { issuer: { url: 'http://a.example', audiences: [] }, claimMappings: { username: { claim: 'sub' } } },
    );
    expect(() => parseAuthenticationConfiguration(value)).toThrow(
      [
        'The AuthenticationConfiguration has 5 faults:',
        '  jwt[0].issuer: Invalid input: expected object, received number',
        '  jwt[0].claimMappings: Invalid input: expected object, received undefined',
        '  jwt[1].issuer.url: Invalid value: "http://a.example": URL scheme must be https',
        '  jwt[1].issuer.audiences: Required value: at least one audience is required',
        '  jwt[1].claimMappings.username.prefix: Required value: prefix is required when claim is set; it may be empty, which is not recommended',
      ].join('\n'),
    );
  });
});
