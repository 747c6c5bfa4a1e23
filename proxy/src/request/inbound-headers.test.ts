import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Credentials } from './credentials.ts';
import { inboundHeaders, type InboundHeaders } from './inbound-headers.ts';
import { Rejection, type RejectionCode } from './rejection.ts';

type Lines = readonly (readonly [name: string, value: string])[];

function accepted(...lines: Lines): InboundHeaders {
  const headers = inboundHeaders(lines.flat());
  if (headers instanceof Rejection) throw headers;
  return headers;
}

const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln';
const PREFIX = 'base64url.bearer.authorization.k8s.io.';
const tokenProtocol = PREFIX + Buffer.from(TOKEN).toString('base64url');
const webSocket: Lines = [
  ['Connection', 'Upgrade'],
  ['Upgrade', 'websocket'],
];

describe('credentials', () => {
  const cases: Record<string, { lines: Lines; want: Credentials }> = {
    none: { lines: [['Host', 'x']], want: { kind: 'none' } },
    'a bearer token': { lines: [['Authorization', `Bearer ${TOKEN}`]], want: { kind: 'bearer', token: TOKEN } },
    'in any case': { lines: [['AUTHORIZATION', `bEARER ${TOKEN}`]], want: { kind: 'bearer', token: TOKEN } },
    'with blanks around': {
      lines: [['authorization', ` \tBearer   ${TOKEN} `]],
      want: { kind: 'bearer', token: TOKEN },
    },
    'another scheme': { lines: [['Authorization', 'Basic dTpw']], want: { kind: 'unsupported', scheme: 'Basic' } },
    'a subprotocol of a WebSocket': {
      lines: [...webSocket, ['Sec-WebSocket-Protocol', `v5.channel.k8s.io, ${tokenProtocol}`]],
      want: { kind: 'bearer', token: TOKEN },
    },
    'a subprotocol on a line of its own': {
      lines: [...webSocket, ['Sec-WebSocket-Protocol', tokenProtocol], ['sec-websocket-protocol', 'v4.channel.k8s.io']],
      want: { kind: 'bearer', token: TOKEN },
    },
  };
  test.each(Object.entries(cases))('%s', (_, { lines, want }) => {
    expect(accepted(...lines).credentials).toEqual(want);
  });

  test('are kept from all that may be forwarded or logged', () => {
    const headers = accepted(
      ...webSocket,
      ['Sec-WebSocket-Protocol', `v5.channel.k8s.io,, ${tokenProtocol} ,v4.channel.k8s.io`],
      ['Cookie', `session=${TOKEN}`],
      ['Proxy-Authorization', `Bearer ${TOKEN}`],
      ['Accept', 'application/json'],
    );
    expect(headers.webSocketProtocols).toEqual(['v5.channel.k8s.io', 'v4.channel.k8s.io']);
    expect(Object.fromEntries(headers.lines)).toEqual({
      connection: ['Upgrade'],
      upgrade: ['websocket'],
      accept: ['application/json'],
    });
    expect(accepted(['Authorization', `Bearer ${TOKEN}`]).lines.size).toBe(0);
  });
});

describe('refused', () => {
  const protocols = (value: string): Lines => [...webSocket, ['Sec-WebSocket-Protocol', value]];
  const authorization = (value: string): Lines => [['Authorization', value]];
  const twice = (name: string, value: string): Lines => [
    [name, value],
    [name.toUpperCase(), value],
  ];
  const cases: Record<string, { lines: Lines; code: RejectionCode }> = {
    'an empty Authorization': { lines: authorization(''), code: 'AuthorizationMalformed' },
    'a scheme without a token': { lines: authorization('Bearer '), code: 'AuthorizationMalformed' },
    'two tokens': { lines: authorization('Bearer a b'), code: 'AuthorizationMalformed' },
    'two tokens in a list': { lines: authorization('Bearer a, Bearer b'), code: 'AuthorizationMalformed' },
    'a token of other characters': { lines: authorization('Bearer a"b'), code: 'AuthorizationMalformed' },
    'a token behind a no-break space': { lines: authorization('Bearer \u00a0a'), code: 'AuthorizationMalformed' },
    'a token subprotocol alone': { lines: protocols(tokenProtocol), code: 'TokenProtocolMalformed' },
    'two token subprotocols': {
      lines: protocols(`${tokenProtocol}, ${tokenProtocol}, x`),
      code: 'TokenProtocolMalformed',
    },
    'an empty token subprotocol': { lines: protocols(`${PREFIX}, x`), code: 'TokenProtocolMalformed' },
    'a padded token subprotocol': { lines: protocols(`${PREFIX}YQ==, x`), code: 'TokenProtocolMalformed' },
    'a token subprotocol in the other base64': { lines: protocols(`${PREFIX}a+/b, x`), code: 'TokenProtocolMalformed' },
    'a token subprotocol with bits to spare': { lines: protocols(`${PREFIX}YR, x`), code: 'TokenProtocolMalformed' },
    'a token subprotocol of a control character': {
      lines: protocols(`${PREFIX}AAAA, x`),
      code: 'TokenProtocolMalformed',
    },
    'a token subprotocol without a WebSocket': {
      lines: [['Sec-WebSocket-Protocol', `x, ${tokenProtocol}`]],
      code: 'TokenProtocolMalformed',
    },
    'a token in both places': {
      lines: [...protocols(`x, ${tokenProtocol}`), ['Authorization', `Bearer ${TOKEN}`]],
      code: 'CredentialsRepeated',
    },
    'two Authorizations': { lines: twice('Authorization', 'Bearer a'), code: 'HeaderRepeated' },
    'two Hosts': { lines: twice('Host', 'a'), code: 'HeaderRepeated' },
    'two Content-Lengths': { lines: twice('Content-Length', '1'), code: 'HeaderRepeated' },
    'two Content-Types': { lines: twice('Content-Type', 'application/json'), code: 'HeaderRepeated' },
    'two Impersonate-Users': { lines: twice('Impersonate-User', 'a'), code: 'HeaderRepeated' },
    'two Transfer-Encodings': { lines: twice('Transfer-Encoding', 'chunked'), code: 'HeaderRepeated' },
    'two Expects': { lines: twice('Expect', '100-continue'), code: 'HeaderRepeated' },
    'two Upgrades': { lines: [['Connection', 'Upgrade'], ...twice('Upgrade', 'websocket')], code: 'HeaderRepeated' },
    'a Connection that names a header': {
      lines: [['Connection', 'close, Impersonate-User']],
      code: 'ConnectionOption',
    },
    'a Connection that names another, padded': {
      lines: [['Connection', 'keep-alive,\tAuthorization ']],
      code: 'ConnectionOption',
    },
    'a Connection that upgrades for substring readers': {
      lines: [
        ['Connection', 'xUpgrade'],
        ['Upgrade', 'SPDY/3.1'],
      ],
      code: 'ConnectionOption',
    },
    'an Upgrade without a Connection': { lines: [['Upgrade', 'websocket']], code: 'UpgradeMalformed' },
    'an Upgrade to HTTP/2': {
      lines: [
        ['Connection', 'Upgrade'],
        ['Upgrade', 'h2c'],
      ],
      code: 'UpgradeUnsupported',
    },
    'an Upgrade to several': {
      lines: [
        ['Connection', 'Upgrade'],
        ['Upgrade', 'h2c, SPDY/3.1'],
      ],
      code: 'UpgradeUnsupported',
    },
    'an Upgrade to an older SPDY': {
      lines: [
        ['Connection', 'Upgrade'],
        ['Upgrade', 'SPDY/3'],
      ],
      code: 'UpgradeUnsupported',
    },
    'an Upgrade with a body': { lines: [...webSocket, ['Content-Length', '1']], code: 'UpgradeWithBody' },
    'an Upgrade with a body in chunks': {
      lines: [...webSocket, ['Transfer-Encoding', 'chunked']],
      code: 'UpgradeWithBody',
    },
    'a compressed body': { lines: [['Content-Encoding', 'gzip']], code: 'ContentEncodingUnsupported' },
    'an unknown expectation': { lines: [['Expect', '200-ok']], code: 'ExpectationUnsupported' },
    'two ways to end a body': {
      lines: [
        ['Content-Length', '1'],
        ['Transfer-Encoding', 'chunked'],
      ],
      code: 'FramingAmbiguous',
    },
    'a list of lengths': { lines: [['Content-Length', '1, 1']], code: 'ContentLengthInvalid' },
    'a signed length': { lines: [['Content-Length', '+1']], code: 'ContentLengthInvalid' },
    'another transfer coding': { lines: [['Transfer-Encoding', 'gzip, chunked']], code: 'TransferEncodingUnsupported' },
    'a name that is none': { lines: [['Impersonate-User ', 'a']], code: 'HeaderMalformed' },
    'an empty name': { lines: [['', 'a']], code: 'HeaderMalformed' },
    'a control character in a value': { lines: [['Accept', 'a\u0000b']], code: 'HeaderMalformed' },
    'a line break in a value': { lines: [['Accept', 'a\r\nImpersonate-User: b']], code: 'HeaderMalformed' },
    'too many lines': { lines: Array.from({ length: 129 }, () => ['a', 'b'] as const), code: 'TooManyHeaders' },
    'too many bytes': { lines: [['a', 'b'.repeat(131_072)]], code: 'HeadersTooLarge' },
  };
  test.each(Object.entries(cases))('%s', (_, { lines, code }) => {
    expect(inboundHeaders(lines.flat())).toMatchObject({ code });
  });

  test('no refusal repeats a credential', () => {
    for (const { lines } of Object.values(cases)) {
      const rejection = inboundHeaders([...lines.flat(), 'Authorization', `Bearer ${TOKEN}`]);
      expect(rejection).toBeInstanceOf(Rejection);
      expect(inspect(rejection)).not.toContain(TOKEN.slice(0, 8));
    }
  });
});

describe('impersonation', () => {
  test('no header is none', () => {
    expect(accepted(['X-Impersonate-User', 'a'], ['Impersonate', 'a']).impersonation).toEqual([]);
  });

  test.each([
    'Impersonate-User',
    'iMPERSONATE-gROUP',
    'Impersonate-Uid',
    'Impersonate-Extra-a%2Fb',
    'Impersonate-',
    'Impersonate_User',
  ])('%s is one, even if it is empty', (name) =>
    expect(accepted([name, '']).impersonation).toEqual([name.toLowerCase()]),
  );

  test('lines of a list are one name', () => {
    expect(accepted(['Impersonate-Group', 'a'], ['impersonate-group', 'b']).impersonation).toEqual([
      'impersonate-group',
    ]);
  });
});

describe('upgrade', () => {
  test.each([
    ['websocket', 'Upgrade', 'websocket'],
    ['WebSocket', 'keep-alive, upgrade', 'websocket'],
    ['SPDY/3.1', 'Upgrade', 'SPDY/3.1'],
    ['spdy/3.1', 'UPGRADE', 'SPDY/3.1'],
  ])('to %s by Connection: %s', (upgrade, connection, want) => {
    expect(accepted(['Connection', connection], ['Upgrade', upgrade]).upgrade).toBe(want);
  });

  test('a body that is empty is none, as client-go sends it with SPDY', () => {
    expect(accepted(['Connection', 'Upgrade'], ['Upgrade', 'SPDY/3.1'], ['Content-Length', '0']).upgrade).toBe(
      'SPDY/3.1',
    );
  });

  test('a Connection that announces one and an Upgrade that is missing make none', () => {
    expect(accepted(['Connection', 'upgrade']).upgrade).toBeUndefined();
  });
});

describe('what else is read', () => {
  test('lines keep their order, one entry each, without blanks around', () => {
    expect(accepted(['Accept', ' a ,b'], ['ACCEPT', 'c\t']).lines.get('accept')).toEqual(['a ,b', 'c']);
  });

  test('a client that waits for 100 Continue, and the media type of its body', () => {
    const headers = accepted(['Expect', '100-Continue'], ['Content-Type', 'application/json'], ['Content-Length', '2']);
    expect(headers).toMatchObject({ expectsContinue: true, contentType: 'application/json' });
    expect(accepted(['Host', 'x'])).toMatchObject({ expectsContinue: false, contentType: undefined });
  });

  test('an identity coding and a chunked body are as good as none', () => {
    expect(accepted(['Content-Encoding', 'identity'], ['Transfer-Encoding', 'Chunked']).lines.size).toBe(2);
  });

  test('what a client declares, bounded, as UTF-8', () => {
    const { declared } = accepted(
      ['User-Agent', `kubectl/v1.36.3 ${'x'.repeat(2_000)}`],
      ['Kubectl-Command', 'kubectl get'],
      ['Chaperone-Run', Buffer.from('läuft').toString('latin1')],
      ['X-Other', 'y'],
    );
    expect(declared.userAgent).toHaveLength(1_024);
    expect(Object.fromEntries(declared.headers)).toEqual({
      'kubectl-command': 'kubectl get',
      'chaperone-run': 'läuft',
    });
    expect(accepted(['Host', 'x']).declared.userAgent).toBe('');
  });
});
