import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { RawAnswer } from './attack-answers.ts';
import { openAuditLog, type AuditLog } from './attack-audit-log.ts';
import { newRawClient, type RawClient } from './attack-connection.ts';
import { casesOf, type HeaderCase } from './attack-headers.ts';
import { CARRIERS, DROPPED_HEADERS, type Carrier } from './attack-inventory.ts';
import { newGatewayClient, type GatewayClient } from './gateway-client.ts';

/**
 * {every header that is to be dropped} x {every way of presenting it} x {GET, POST, WebSocket, SPDY}, written to the
 * socket byte by byte: refused, or answered as the same request without the header, and never under another identity.
 */

const AGENT = 'attack-headers@example.com';
const GROUPS = ['agents', 'attack-headers'];
const PARALLEL = 8;
const REVIEW = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });
const EXEC = '/api/v1/namespaces/default/pods/absent/exec?command=id&stdout=true';

let client: GatewayClient;
let raw: RawClient;
let audit: AuditLog;
let token: string;
/** What each carrier is answered without the header. */
const plain = new Map<Carrier, Meaning>();
const sent: { readonly marker: string; readonly outcome: HeaderCase['outcome'] }[] = [];

beforeAll(async () => {
  const context = inject('gateway');
  client = newGatewayClient(context);
  raw = newRawClient(context);
  token = await client.token({ user: AGENT, groups: GROUPS });
  await client.applyPolicy('attack-headers', {
    mode: 'Enforce',
    subjects: [{ kind: 'Group', name: 'attack-headers' }],
    rules: [
      { name: 'reads', action: 'Allow', verbs: ['get'], apiGroups: [''], resources: ['configmaps'] },
      { name: 'exec', action: 'Allow', verbs: ['create'], apiGroups: [''], resources: ['pods/exec'] },
    ],
  });
  audit = await openAuditLog(context, client, token);
  for (const carrier of CARRIERS) plain.set(carrier, await meaningOf(carrier, await send(carrier, `plain-${carrier}`)));
});

afterAll(async () => {
  await client.deletePolicy('attack-headers');
  await client.close();
});

test("without any of them, a call is the agent's", () => {
  expect(plain.get('GET')).toEqual({ status: 404, says: 'NotFound' });
  expect(plain.get('POST')).toMatchObject({ status: 201, says: { userInfo: { username: AGENT } } });
  for (const carrier of ['WebSocket', 'SPDY'] as const) expect([403, 404]).toContain(plain.get(carrier)?.status);
});

describe.each(DROPPED_HEADERS)('%s', (header) => {
  test('is refused, or makes no difference, however it is presented', async () => {
    const cases = casesOf(header);
    const got: Record<string, unknown> = {};
    const want: Record<string, unknown> = {};
    await inParallel(cases, async (attack) => {
      const name = `${attack.presentation}, ${attack.carrier}`;
      const marker = `${header}-${name}`.replaceAll(/[^A-Za-z0-9]+/g, '-');
      sent.push({ marker, outcome: attack.outcome });
      got[name] = await meaningOf(attack.carrier, await send(attack.carrier, marker, attack));
      want[name] = attack.outcome === 'as without it' ? plain.get(attack.carrier) : refused(attack.outcome);
    });
    expect(got).toEqual(want);
  });
});

describe('to the API server', () => {
  test('every call that reached it was made by the gateway in the name of the agent, and of nobody else', async () => {
    const events = (await audit.events()).filter(({ requestURI }) => requestURI.includes('marker='));
    expect(events.length).toBeGreaterThan(100);
    const others = events.filter(
      ({ user, impersonatedUser, sourceIPs }) =>
        user.username !== 'system:serviceaccount:chaperone-system:chaperone-proxy' ||
        impersonatedUser?.username !== AGENT ||
        impersonatedUser.uid !== AGENT ||
        impersonatedUser.groups?.toSorted().join() !== 'agents,attack-headers,system:authenticated' ||
        Object.keys(impersonatedUser.extra ?? {}).join() !== 'chaperone.dev/via' ||
        impersonatedUser.extra?.['chaperone.dev/via']?.join() !== 'chaperone-proxy-local' ||
        sourceIPs.some((address) => address !== '127.0.0.1'),
    );
    expect(others).toEqual([]);
    expect(events.map(({ auditID }) => auditID)).not.toContain('11111111-2222-4333-8444-555555555555');
  });

  test('nothing that was refused has come through', async () => {
    const arrived = new Set((await audit.events()).map(({ requestURI }) => /marker=([^&]*)/.exec(requestURI)?.[1]));
    const refusals = sent.filter(({ outcome }) => outcome !== 'as without it');
    expect(refusals.length).toBeGreaterThan(100);
    expect(refusals.filter(({ marker }) => arrived.has(marker))).toEqual([]);
  });

  test('no value of a header stands in a log of the gateway', async () => {
    const log = await readFile(join(inject('gateway').logDirectory, 'gateway.log'), 'utf8');
    expect(log).toContain(AGENT);
    for (const value of ['chaperone-attack', '203.0.113.9', 'permessage-deflate', token.slice(0, 40)])
      expect(log).not.toContain(value);
  });
});

/** What an answer says, without what differs from call to call. */
interface Meaning {
  readonly status: number | undefined;
  /** Of a Status; of a review who it found. */
  readonly says: unknown;
  readonly upgrade?: string;
}

async function meaningOf(carrier: Carrier, answer: RawAnswer | undefined): Promise<Meaning> {
  if (answer === undefined) return { status: undefined, says: undefined };
  const upgrade = answer.headers.get('sec-websocket-extensions')?.[0];
  const body: unknown = answer.body === '' ? undefined : JSON.parse(answer.body);
  const says = carrier === 'POST' && answer.status === 201 ? field(body, 'status') : field(body, 'reason');
  return answer.status >= 400 && field(body, 'kind') !== 'Status'
    ? { status: answer.status, says: `no Status: ${answer.body}` }
    : { status: answer.status, says, ...(upgrade === undefined ? {} : { upgrade }) };
}

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;

const REASONS: ReadonlyMap<number, string> = new Map([
  [400, 'BadRequest'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [415, 'UnsupportedMediaType'],
]);

const refused = (status: number): Meaning => ({ status, says: REASONS.get(status) });

async function send(carrier: Carrier, marker: string, attack?: HeaderCase): Promise<RawAnswer | undefined> {
  const authorization = `Authorization: Bearer ${token}`;
  const { line, headers, body } = requestOf(carrier, marker);
  const own = attack?.replacesAuthorization === true ? [] : [authorization];
  const lines = (attack?.lines ?? []).map((text) => text.replaceAll('TOKEN', token));
  const framing =
    attack?.trailers === undefined
      ? body === ''
        ? []
        : [`Content-Length: ${body.length}`]
      : ['Transfer-Encoding: chunked'];
  const chunks =
    attack?.trailers === undefined
      ? body
      : [body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`, '0\r\n', ...attack.trailers, '\r\n\r\n'];
  const isFramedOtherwise = lines.some((text) => /^[\t ]*transfer-encoding/i.test(text));
  const head = [line, 'Host: gateway', ...own, ...headers, ...(isFramedOtherwise ? [] : framing), ...lines, '', ''];
  const text = `${head.join('\r\n')}${typeof chunks === 'string' ? chunks : chunks.join('').replaceAll('TOKEN', token)}`;
  const { answers } = await raw.exchange([text]);
  return answers[0];
}

function requestOf(
  carrier: Carrier,
  marker: string,
): { readonly line: string; readonly headers: readonly string[]; readonly body: string } {
  switch (carrier) {
    case 'GET':
      return {
        line: `GET /api/v1/namespaces/default/configmaps/absent?marker=${marker} HTTP/1.1`,
        headers: [],
        body: '',
      };
    case 'POST':
      return {
        line: `POST /apis/authentication.k8s.io/v1/selfsubjectreviews?marker=${marker} HTTP/1.1`,
        headers: ['Content-Type: application/json'],
        body: REVIEW,
      };
    case 'WebSocket':
      return {
        line: `GET ${EXEC}&marker=${marker} HTTP/1.1`,
        headers: [
          'Connection: Upgrade',
          'Upgrade: websocket',
          'Sec-WebSocket-Version: 13',
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
          'Sec-WebSocket-Protocol: v5.channel.k8s.io',
        ],
        body: '',
      };
    case 'SPDY':
      return {
        line: `POST ${EXEC}&marker=${marker} HTTP/1.1`,
        headers: ['Connection: Upgrade', 'Upgrade: SPDY/3.1', 'X-Stream-Protocol-Version: v4.channel.k8s.io'],
        body: '',
      };
    default:
      return carrier satisfies never;
  }
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}
