import { WRITERS_ANNOTATION, type ReportedWriter } from '@chaperone/crds/audit/writer-report';
import { REVISION_ANNOTATION } from '@chaperone/crds/bundle/replica-lease';
import { ApiError } from '@chaperone/crds/client/api-error';
import { newFakeClock, settle } from '@chaperone/test/faults/fake-clock';
import { expect, test } from 'vitest';
import { newReplicaLease, type ReplicaLeaseOptions } from './replica-lease.ts';

const notFound = new ApiError('PATCH', {
  status: 404,
  reason: 'NotFound',
  message: '',
  causes: [],
  retryAfterSeconds: undefined,
});
const unavailable = new ApiError('PATCH', {
  status: 503,
  reason: 'ServiceUnavailable',
  message: '',
  causes: [],
  retryAfterSeconds: undefined,
});

const HEAD = { sequence: 3, chain: 'a'.repeat(64) };
const OWN: ReportedWriter = { writer: 'pod-1-b', replica: 'pod-1', start: '2026-01-01T00:00:00.000Z', head: HEAD };
const BEFORE: ReportedWriter = { ...OWN, writer: 'pod-1-a', end: '2025-12-31T00:00:00.000Z' };

interface LeaseState {
  exists: boolean;
  failing: boolean;
  holder: string | undefined;
  annotations: Record<string, string>;
}

/** A Lease as an API server keeps it, and what was done to it. */
function newLeases() {
  const revisions: string[] = [];
  const state: LeaseState = { exists: false, failing: false, holder: undefined, annotations: {} };
  const stored = () => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'pod-1', uid: 'u', resourceVersion: '1', annotations: state.annotations },
  });
  function told(metadata: unknown, holder: string | null | undefined): void {
    const annotations =
      typeof metadata === 'object' && metadata !== null && 'annotations' in metadata ? metadata.annotations : undefined;
    for (const [key, value] of Object.entries(annotations ?? {}))
      if (typeof value === 'string') state.annotations[key] = value;
      else delete state.annotations[key];
    state.holder = holder ?? undefined;
    const revision = state.annotations[REVISION_ANNOTATION];
    if (revision !== undefined) revisions.push(revision);
  }
  const client: ReplicaLeaseOptions['leases'] = {
    async get() {
      if (!state.exists) throw notFound;
      return stored();
    },
    async create(lease) {
      state.exists = true;
      told(lease.metadata, lease.spec?.holderIdentity);
      return stored();
    },
    async mergePatch(_name, patch) {
      if (state.failing) throw unavailable;
      if (!state.exists) throw notFound;
      told(patch.metadata, patch.spec?.holderIdentity);
      return stored();
    },
  };
  return { client, revisions, state };
}

function start(prepare: (state: LeaseState) => void = () => undefined) {
  const clock = newFakeClock();
  const leases = newLeases();
  prepare(leases.state);
  const errors: unknown[] = [];
  const added: ReportedWriter[] = [];
  const own: { writer: ReportedWriter } = { writer: OWN };
  const stop = new AbortController();
  const lease = newReplicaLease({
    leases: leases.client,
    namespace: 'chaperone-system',
    replica: 'pod-1',
    writers: {
      report: () => ({ writers: [own.writer, ...added], keys: ['key'] }),
      add: (other) => void added.push(other),
    },
    clock,
    observe: (error) => errors.push(error),
  });
  const ended = lease.run(stop.signal);
  const writers = (): unknown => JSON.parse(leases.state.annotations[WRITERS_ANNOTATION] ?? 'null');
  return { clock, leases, errors, added, own, writers, lease, stop: () => stop.abort(), ended };
}

test('a replica without policies holds no Lease', async () => {
  const { clock, leases, stop, ended } = start();
  await clock.advance(60_000);
  expect(leases.state.exists).toBe(false);
  stop();
  await ended;
});

test('a replica tells of each revision at once, renews in between, and gives the Lease up in the end', async () => {
  const { clock, leases, lease, stop, ended } = start();
  lease.serves('r1');
  await settle();
  expect(leases.revisions).toEqual(['r1']);
  lease.serves('r2');
  await settle();
  expect(leases.revisions).toEqual(['r1', 'r2']);
  await clock.advance(15_000);
  expect(leases.revisions).toEqual(['r1', 'r2', 'r2', 'r2', 'r2']);
  stop();
  await ended;
  expect(leases.state).toMatchObject({ exists: true, holder: '' });
  expect(leases.state.annotations).not.toHaveProperty(REVISION_ANNOTATION);
});

test('a replica tells of its writer with each renewal, and where its records end', async () => {
  const { clock, own, writers, lease, stop, ended } = start();
  lease.serves('r1');
  await settle();
  expect(writers()).toEqual({ writers: [OWN], keys: ['key'] });
  own.writer = { ...OWN, head: { ...HEAD, sequence: 4 } };
  await settle();
  expect(writers()).toEqual({ writers: [OWN], keys: ['key'] });
  await clock.advance(5_000);
  expect(writers()).toEqual({ writers: [own.writer], keys: ['key'] });
  stop();
  await ended;
  own.writer = { ...own.writer, end: '2026-01-02T00:00:00.000Z' };
  await lease.tellEnd();
  expect(writers()).toEqual({ writers: [own.writer], keys: ['key'] });
});

test('what the process before told is told on', async () => {
  const { added, writers, lease, stop, ended } = start((state) => {
    state.exists = true;
    state.annotations[WRITERS_ANNOTATION] = JSON.stringify({ writers: [BEFORE], keys: ['old'] });
  });
  lease.serves('r1');
  await settle();
  expect(added).toEqual([BEFORE]);
  expect(writers()).toEqual({ writers: [OWN, BEFORE], keys: ['key'] });
  stop();
  await ended;
});

test('a replica that never served tells of its records all the same, and holds nothing', async () => {
  const { leases, writers, lease, stop, ended } = start();
  stop();
  await ended;
  await lease.tellEnd();
  expect(leases.state).toMatchObject({ exists: true, holder: '' });
  expect(writers()).toEqual({ writers: [OWN], keys: ['key'] });
});

test('a Lease that cannot be kept is tried again soon, and made anew where somebody deleted it', async () => {
  const { clock, leases, errors, lease, stop, ended } = start();
  lease.serves('r1');
  await settle();
  leases.state.failing = true;
  await clock.advance(7_000);
  expect(errors.length).toBeGreaterThanOrEqual(2);
  leases.state.failing = false;
  leases.state.exists = false;
  await clock.advance(1_000);
  expect(leases.state.exists).toBe(true);
  stop();
  await ended;
});
