import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newCertificateAuthority } from '@chaperone/e2e/certificates/authority';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openAuditLog, type AuditLog } from './attack-audit-log.ts';
import { newRawClient, type RawClient } from './attack-connection.ts';
import { newGatewayClient, type GatewayClient } from './gateway-client.ts';

const AGENT = 'attack-smuggling@example.com';
const MAPS = '/api/v1/namespaces/default/configmaps';

let client: GatewayClient;
let raw: RawClient;
let audit: AuditLog;
let token: string;

beforeAll(async () => {
  const context = inject('gateway');
  client = newGatewayClient(context);
  raw = newRawClient(context);
  token = await client.token({ user: AGENT, groups: ['agents', 'attack-smuggling'] });
  await client.applyPolicy('attack-smuggling', {
    mode: 'Enforce',
    subjects: [{ kind: 'Group', name: 'attack-smuggling' }],
    rules: [
      { name: 'maps', action: 'Allow', verbs: ['*'], apiGroups: [''], resources: ['configmaps'] },
      { name: 'exec', action: 'Allow', verbs: ['create'], apiGroups: [''], resources: ['pods/exec'] },
    ],
  });
  audit = await openAuditLog(context, client, token);
});

afterAll(async () => {
  await client.deletePolicy('attack-smuggling');
  await client.close();
});

const request = (line: string, ...headers: readonly string[]): string =>
  [`${line} HTTP/1.1`, 'Host: gateway', `Authorization: Bearer ${token}`, ...headers, '', ''].join('\r\n');
const get = (target: string, ...headers: readonly string[]): string => request(`GET ${target}`, ...headers);
const exec = (marker: string, ...headers: readonly string[]): string =>
  get(
    `/api/v1/namespaces/default/pods/absent/exec?command=id&stdout=true&marker=${marker}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  );
const watch = (): string => get(`${MAPS}?watch=true&timeoutSeconds=2`);
const reached = async (marker: string): Promise<boolean> =>
  (await audit.events()).some(({ requestURI }) => requestURI.includes(`marker=${marker}`));

describe('a request that comes before its predecessor is answered', () => {
  test('is not carried out behind a body that nobody reads', async () => {
    const { answers } = await raw.exchange(
      [
        request(`POST ${MAPS}`, 'Content-Length: 4', 'Impersonate-User: x'),
        300,
        `{}{}${get(`${MAPS}?marker=behind-body`)}`,
      ],
      { untilClosed: true },
    );
    expect(answers.map(({ status }) => status)).toEqual([403]);
    expect(await reached('behind-body')).toBe(false);
  });

  test('is not carried out behind framing that was refused', async () => {
    const { answers } = await raw.exchange(
      [
        `${request(`POST ${MAPS}`, 'Transfer-Encoding: gzip, chunked')}0\r\n\r\n${get(`${MAPS}?marker=behind-framing`)}`,
      ],
      { untilClosed: true },
    );
    expect(answers.map(({ status }) => status)).toEqual([400]);
    expect(await reached('behind-framing')).toBe(false);
  });

  test('is refused after the answer to the one before it, which is whole', async () => {
    const { answers } = await raw.exchange([watch(), 500, get(`${MAPS}?marker=behind-watch`)], { untilClosed: true });
    expect(answers.map(({ status }) => status)).toEqual([200, 400]);
    expect(answers[1]?.body).toContain('came before the one before it was answered');
    expect(await reached('behind-watch')).toBe(false);
  });

  test('writes nothing into a stream when it asks for an upgrade', async () => {
    const { answers } = await raw.exchange([watch(), 500, exec('upgrade-behind-watch')], { untilClosed: true });
    expect(answers.map(({ status }) => status)).toEqual([200, 400]);
    expect(answers[0]?.body).not.toContain('HTTP/1.1');
    expect(await reached('upgrade-behind-watch')).toBe(false);
  });

  test.each([
    ['several requests', () => get('/version') + get('/version')],
    ['CONNECT', () => request('CONNECT gateway:443')],
    ['what is no request', () => 'nonsense\r\n\r\n'],
  ])('cuts a stream where it is %s, and writes nothing into it', async (_, behind) => {
    const { text, closed } = await raw.exchange([watch(), 500, behind()], { untilClosed: true });
    expect(closed).toBe(true);
    expect(text.match(/HTTP\/1\.1/g)).toEqual(['HTTP/1.1']);
  });

  test('does no harm once the answer has come: connections are kept', async () => {
    const one = get('/version');
    const { answers } = await raw.exchange([one, 300, one, 300, one, 300]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});

describe('a body', () => {
  test.each(['Impersonate-User: x', 'Content-Encoding: gzip', 'Connection: Content-Type'])(
    'is not invited for a call that is refused: %s',
    async (header) => {
      const { answers, informational } = await raw.exchange([
        request(`POST ${MAPS}`, 'Content-Length: 100', 'Expect: 100-continue', header),
      ]);
      expect(informational).toEqual([]);
      expect(answers[0]?.status).toBeGreaterThanOrEqual(400);
      expect(answers[0]?.headers.get('connection')).toEqual(['close']);
    },
  );

  test('is not invited of a caller without a token', async () => {
    const { answers, informational } = await raw.exchange([
      `POST ${MAPS} HTTP/1.1\r\nHost: gateway\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n`,
    ]);
    expect(informational).toEqual([]);
    expect(answers.map(({ status }) => status)).toEqual([401]);
  });

  test('is invited where it is wanted, and once', async () => {
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'invited' } });
    const { answers, informational } = await raw.exchange([
      request(
        `POST ${MAPS}?dryRun=All`,
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
        'Expect: 100-continue',
      ),
      300,
      body,
    ]);
    expect(informational).toEqual([100]);
    expect(answers.map(({ status }) => status)).toEqual([201]);
  });

  test('that is being sent does not take the answer with it', async () => {
    const megabytes = Buffer.alloc(3 * 1_048_576, 0x20);
    const { answers, closed } = await raw.exchange(
      [request(`POST ${MAPS}`, `Content-Length: ${megabytes.length}`, 'Impersonate-User: x'), megabytes],
      { untilClosed: true },
    );
    expect(answers.map(({ status }) => status)).toEqual([403]);
    expect(closed).toBe(true);
  });
});

describe('an answer', () => {
  test('to HEAD has the headers of the one to GET, and no body', async () => {
    const [toGet, toHead] = await Promise.all([
      raw.exchange([get('/api/v1/secrets')]),
      raw.exchange([request('HEAD /api/v1/secrets'), 300], { head: true }),
    ]);
    expect(toHead.answers).toMatchObject([{ status: 403, body: '' }]);
    expect(toHead.text.endsWith('\r\n\r\n')).toBe(true);
    expect(toHead.answers[0]?.headers.get('content-length')).toEqual(toGet.answers[0]?.headers.get('content-length'));
  });

  test.each([
    ['a call', () => 'GET /version HTTP/1.1\r\nHost: gateway\r\n\r\n'],
    ['an upgrade', () => exec('no-token').replace(/Authorization: .*\r\n/, '')],
  ])('to %s without a token says which credential is wanted', async (_, text) => {
    const { answers } = await raw.exchange([text()]);
    expect(answers).toMatchObject([{ status: 401 }]);
    expect(answers[0]?.headers.get('www-authenticate')).toEqual(['Bearer realm="chaperone"']);
    expect(answers[0]?.body).toContain('"reason":"Unauthorized"');
  });

  test('to a client certificate says that it is of no use here', async () => {
    const authority = await newCertificateAuthority('anybody');
    const { certificate, key } = await authority.issue({
      commonName: 'admin',
      organizations: ['system:masters'],
      usages: ['client'],
    });
    const { answers } = await raw.exchange(['GET /version HTTP/1.1\r\nHost: gateway\r\n\r\n'], {
      tls: { cert: certificate, key },
    });
    expect(answers).toMatchObject([{ status: 401 }]);
    expect(answers[0]?.body).toContain('client certificate');
  });

  test('to HTTP/1.0 is the same, and the last one', async () => {
    const { answers, closed } = await raw.exchange([get('/version').replace('HTTP/1.1', 'HTTP/1.0')], {
      untilClosed: true,
    });
    expect(answers).toMatchObject([{ status: 200 }]);
    expect(closed).toBe(true);
  });
});

describe('a token among the subprotocols of a WebSocket', () => {
  const protocols = (...others: readonly string[]): string =>
    `Sec-WebSocket-Protocol: ${[`base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString('base64url')}`, ...others].join(', ')}`;
  const withoutHeader = (text: string): string => text.replace(/Authorization: .*\r\n/, '');

  test('is the identity of the call, and is neither echoed nor logged nor sent on', async () => {
    const byHeader = await raw.exchange([exec('by-header', 'Sec-WebSocket-Protocol: v5.channel.k8s.io')]);
    const byProtocol = await raw.exchange([withoutHeader(exec('by-protocol', protocols('v5.channel.k8s.io')))]);
    expect(byProtocol.answers[0]?.status).toBe(byHeader.answers[0]?.status);
    expect(byProtocol.answers[0]?.status).not.toBe(401);
    const encoded = Buffer.from(token).toString('base64url');
    const log = await readFile(join(inject('gateway').logDirectory, 'gateway.log'), 'utf8');
    for (const text of [byProtocol.text, log]) {
      expect(text).not.toContain(encoded.slice(0, 60));
      expect(text).not.toContain(token.slice(0, 60));
      expect(text).not.toContain('base64url.bearer');
    }
  });

  test.each([
    ['beside another token', () => exec('beside', protocols('v5.channel.k8s.io')), 400],
    ['alone', () => withoutHeader(exec('alone', protocols())), 401],
    ['twice', () => withoutHeader(exec('twice', protocols('v5.channel.k8s.io'), protocols())), 401],
    ['without a WebSocket', () => withoutHeader(get('/version', protocols('v5.channel.k8s.io'))), 401],
  ])('is refused %s', async (marker, text, status) => {
    const { answers } = await raw.exchange([text()]);
    expect(answers).toMatchObject([{ status }]);
    expect(await reached(marker)).toBe(false);
  });
});
