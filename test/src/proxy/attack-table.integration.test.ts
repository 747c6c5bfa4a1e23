import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openAuditLog, type AuditEvent, type AuditLog } from './attack-audit-log.ts';
import { newRawClient, type RawClient } from './attack-connection.ts';
import { ATTACK_ROWS } from './attack-inventory.ts';
import { ATTACKS, CALLERS, NAMESPACE, type Attack, type Caller } from './attack-table.ts';
import { newGatewayClient, type GatewayClient } from './gateway-client.ts';

let client: GatewayClient;
let raw: RawClient;
let audit: AuditLog;
let attackers = 0;
const refusedUsers: string[] = [];

const callers = Object.entries(CALLERS).filter(([, rules]) => rules.length > 0);
const groupOf = (caller: string): string => `attack-table-${caller.replaceAll(/[^a-z]+/g, '-')}`;

beforeAll(async () => {
  const context = inject('gateway');
  client = newGatewayClient(context);
  raw = newRawClient(context);
  await client.kubectl(['create', 'namespace', NAMESPACE]);
  const made = await client.kubectl(['apply', '--server-side', '--filename=-'], {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      ...['kept', 'given-up'].map((name) => object('ConfigMap', name, { data: { a: '1' } })),
      ...['db-pass', 'other'].map((name) => object('Secret', name, { data: { password: 'bGV0bWVpbg==' } })),
    ],
  });
  if (made.code !== 0) throw new Error(made.stderr);
  await Promise.all(
    callers.map(([caller, rules]) =>
      client.applyPolicy(groupOf(caller), {
        mode: 'Enforce',
        subjects: [{ kind: 'Group', name: groupOf(caller) }],
        rules: structuredClone(rules),
      }),
    ),
  );
  audit = await openAuditLog(context, client, await client.token({ user: 'attack-table@example.com', groups: [] }));
});

afterAll(async () => {
  await client.kubectl(['delete', 'agentpolicies', ...callers.map(([caller]) => groupOf(caller))]);
  await client.kubectl(['delete', 'namespace', NAMESPACE, '--wait=false']);
  await client.close();
});

describe.each(ATTACK_ROWS)('%s', (row) => {
  test.each(ATTACKS[row].map((attack) => [attack.what, attack] as const))('%s', async (_, attack) => {
    expect(await cameOf(attack)).toEqual(wanted(attack));
  });
});

interface Came {
  readonly status: number | undefined;
  /** Whether it is told in a Status, if it failed. */
  readonly isTold: boolean;
  /** Whether the API server was asked to do what the attack is about. */
  readonly reached: boolean;
  readonly says: string;
  readonly left: readonly string[];
}

function wanted({ outcome, leaves }: Attack): unknown {
  const refused = 'refused' in outcome;
  const status = refused ? outcome.refused : outcome.answered;
  return {
    status,
    isTold: true,
    reached: !refused,
    says: expect.stringMatching(outcome.saying ?? ''),
    left: leaves === undefined ? [] : [leaves],
  } satisfies Record<keyof Came, unknown>;
}

async function cameOf(attack: Attack): Promise<Came> {
  const { answers, user } = await carryOut(attack);
  const [answer] = answers;
  const { outcome } = attack;
  if ('refused' in outcome) refusedUsers.push(user);
  const events = (await audit.events()).filter(
    (event) => event.impersonatedUser?.username === user && !('afterALook' in outcome && isLook(event)),
  );
  const body: unknown = JSON.parse(answer?.body ?? '');
  const looked = [attack.leaves, attack.removes].filter((name) => name !== undefined);
  const found = await Promise.all(looked.map(async (name) => ((await exists(name)) ? [name] : [])));
  return {
    status: answer?.status,
    isTold: (answer?.status ?? 0) < 400 || isStatus(body),
    reached: events.length > 0,
    says: answer?.body.replaceAll(String.raw`\"`, '"') ?? '',
    left: found.flat(),
  };
}

test('nothing of what was refused has come through in the meantime', async () => {
  const arrived = (await audit.events()).filter((event) => !isLook(event));
  expect(refusedUsers.length).toBeGreaterThan(100);
  expect(arrived.filter(({ impersonatedUser }) => refusedUsers.includes(impersonatedUser?.username ?? ''))).toEqual([]);
});

function object(kind: string, name: string, content: object): object {
  return { apiVersion: 'v1', kind, metadata: { name, namespace: NAMESPACE }, ...content };
}

/** Every attack has a user of its own, so that the API server's log tells what came of it. */
async function carryOut(attack: Attack) {
  const user = `attack-${(attackers += 1)}@example.com`;
  const authorization = await authorizationOf(attack.caller, user);
  const { request, headers = [], body = '' } = attack;
  const length = body === '' ? [] : [`Content-Length: ${body.length}`];
  const head = [`${request} HTTP/1.1`, 'Host: gateway', ...authorization, ...headers, ...length, '', ''];
  return { ...(await raw.exchange([`${head.join('\r\n')}${body}`])), user };
}

async function authorizationOf(caller: Caller, user: string): Promise<string[]> {
  if (caller === 'has no token') return [];
  return [`Authorization: Bearer ${await client.token({ user, groups: ['agents', groupOf(caller)] })}`];
}

const isStatus = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && 'kind' in body && body.kind === 'Status';

const isLook = ({ verb, requestURI }: AuditEvent): boolean =>
  ['get', 'list'].includes(verb) || /[?&]dryRun=All/.test(requestURI);

async function exists(name: string): Promise<boolean> {
  const { code, stderr } = await client.kubectl(['get', name, `--namespace=${NAMESPACE}`, '--output=name']);
  if (code !== 0 && !stderr.includes('(NotFound)')) throw new Error(stderr);
  return code === 0;
}
