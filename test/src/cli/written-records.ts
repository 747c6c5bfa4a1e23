import { createPublicKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SigningKey } from '@chaperone/crds/audit/signing-keys';
import { NO_REGISTRY, signRegistry, type Registry } from '@chaperone/crds/audit/registry';
import type { GatewayEvent } from '@chaperone/proxy/audit/record/audit-event';
import { recordText, type RecordBodies } from '@chaperone/proxy/audit/record/record-text';
import { nodeFileSystem } from '@chaperone/proxy/audit/wal/file-system';
import type { LoggedEntry } from '@chaperone/proxy/audit/wal/log-reader';
import { readDirectory } from '@chaperone/proxy/audit/wal/read-directory';
import { callEvent, type CallOverrides } from '../elasticsearch/call-records.ts';
import { openLog } from '../wal/open-log.ts';

export const WRITERS = ['gateway-a-01', 'gateway-b-02'] as const;
export const CHECKPOINT_RECORDS = 10;
export const NEWEST = Date.parse('2026-03-01T12:00:00.000Z');
export const LASTING = 'audit-watch';
export const HOSTILE = 'audit-hostile';
export const BIG_INTEGER = '12345678901234567890';

/** What calls differ by: each in its turn, so that any two of them come together now and then. */
const USERS = ['agent@example.com', 'deploy-bot', 'system:serviceaccount:ci:runner'];
const CALLS: readonly CallOverrides[] = [
  {},
  { verb: 'list', objectRef: { resource: 'pods', namespace: 'payments', apiVersion: 'v1' } },
  {
    verb: 'create',
    objectRef: { resource: 'pods', subresource: 'exec', namespace: 'payments', name: 'web', apiVersion: 'v1' },
    responseStatus: { code: 101 },
  },
  {
    verb: 'delete',
    objectRef: { resource: 'deployments', apiGroup: 'apps', namespace: 'shop', name: 'cart', apiVersion: 'v1' },
    responseStatus: { code: 403, reason: 'Forbidden' },
    annotations: { 'authorization.k8s.io/decision': 'forbid', 'authorization.k8s.io/reason': 'NoRule' },
    chaperone: {
      outcome: 'Refused',
      refusal: 'PolicyDenied',
      policy: { verdict: 'Deny', cause: 'NoRule', revision: 'f'.repeat(64) },
    },
  },
  {
    verb: 'patch',
    objectRef: { resource: 'deployments', apiGroup: 'apps', subresource: 'scale', namespace: 'shop', name: 'cart' },
    responseStatus: { code: 409 },
  },
  { verb: 'get', requestURI: '/healthz', objectRef: {}, chaperone: { outcome: 'Cut' } },
  { user: {}, responseStatus: { code: 401 }, annotations: {}, chaperone: { outcome: 'Refused' } },
];

interface Written {
  readonly event: ReturnType<typeof callEvent> | GatewayEvent;
  readonly bodies?: RecordBodies;
}

const microTime = (moment: number, index: number): string =>
  `${new Date(moment).toISOString().slice(0, -1)}${String(index % 1_000).padStart(3, '0')}Z`;

function call(index: number, count: number): Written {
  const received = microTime(NEWEST - (count - index) * 60_000, index);
  const { chaperone, ...shape } = CALLS[index % CALLS.length] ?? {};
  const username = USERS[index % USERS.length] ?? '';
  return {
    event: callEvent({
      auditID: `audit-${index}`,
      requestReceivedTimestamp: received,
      stageTimestamp: received,
      user: { username, groups: ['agents'] },
      ...shape,
      chaperone: { run: { run: `run-${index % 4}`, model: 'model-x' }, ...chaperone },
    }),
    bodies: { responseObject: `{"kind":"Pod","metadata":{"name":"web","generation":${BIG_INTEGER}}}` },
  };
}

/** A call that lasts has two records. */
const lasting: readonly Written[] = (['ResponseStarted', 'ResponseComplete'] as const).map((stage, index) => ({
  event: callEvent({
    auditID: LASTING,
    verb: 'watch',
    stage,
    requestReceivedTimestamp: '2026-03-01T11:59:59.000001Z',
    stageTimestamp: `2026-03-01T11:59:59.${index}00000Z`,
    chaperone: {
      declared: { task: 'nightly' },
      masking: { 'secret-data': 3 },
      ...(stage === 'ResponseComplete' ? { stream: { events: 7, bytes: 4_096 }, endedBy: 'PolicyChanged' } : {}),
    },
  }),
}));

/** Whoever calls chooses the name of the program, and of what is called. */
const hostile: Written = {
  event: callEvent({
    auditID: HOSTILE,
    userAgent: 'kubectl\u001b[2J\u202egnp.exe',
    requestURI: '/api/v1/namespaces/payments/pods/\u001b]0;title\u0007',
    objectRef: { resource: 'pods', namespace: 'payments', name: '\u001b[31mred\u009b0m' },
    requestReceivedTimestamp: '2026-03-01T11:59:58.000000Z',
  }),
  bodies: { requestObject: '{"note":"\u009b2J and a line\\nbreak","list":[],"of":[1,{"two":2.50}]}' },
};

const gatewayEvent = (type: GatewayEvent['type'], time: string): Written => ({
  event: {
    kind: 'GatewayEvent',
    apiVersion: 'chaperone.dev/v1alpha1',
    type,
    time,
    message: `Replica gateway-a ${type}`,
    chaperone: { gateway: { replica: 'gateway-a', version: '0.1.0' } },
  },
});

/** Logs of two writers, real ones, that have ended. */
export async function writeLogs(directory: string, key: SigningKey, count: number): Promise<Registry> {
  const calls = Array.from({ length: count }, (_, index) => call(index, count));
  const shares = [
    [
      gatewayEvent('Started', '2026-01-01T00:00:00.000000Z'),
      ...calls.filter((_, index) => index % 3 !== 0),
      ...lasting,
    ],
    [...calls.filter((_, index) => index % 3 === 0), hostile],
  ];
  const heads = [];
  for (const [index, writer] of WRITERS.entries()) {
    const log = await openLog(writer, {
      directory,
      key,
      checkpointRecords: CHECKPOINT_RECORDS,
      segmentBytes: 16_384,
      // Two writers after each other are one process here: the first is not dead.
      staleMs: 600_000,
    });
    for (const { event, bodies } of shares[index] ?? []) {
      const auditID = event.kind === 'Event' ? event.auditID : '';
      log.appendRecord({ auditID, closes: false, original: recordText(event, bodies) });
      await log.flushed();
    }
    await log.finish();
    heads.push({ writer, head: log.state().head });
    await log.close();
  }
  return signRegistry(
    {
      number: 1,
      time: new Date().toISOString(),
      previousRegistry: NO_REGISTRY,
      keys: [key.publicKey],
      writers: heads.map(({ writer, head }) => ({
        writer,
        replica: 'replica',
        start: '2026-01-01T00:00:00.000Z',
        end: new Date().toISOString(),
        head,
      })),
    },
    key,
  );
}

export async function entriesOf(directory: string): Promise<readonly LoggedEntry[]> {
  const entries: LoggedEntry[] = [];
  for await (const entry of readDirectory(nodeFileSystem, directory, () => undefined)) entries.push(entry);
  return entries;
}

/** Writes the public half of a key as PEM and returns the path. */
export function publicKeyFile(directory: string, name: string, key: SigningKey): string {
  const path = join(directory, name);
  const der = Buffer.from(key.publicKey, 'base64');
  writeFileSync(
    path,
    createPublicKey({ key: der, format: 'der', type: 'spki' }).export({ format: 'pem', type: 'spki' }),
  );
  return path;
}
