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

const STORED = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'pod-1', uid: 'u', resourceVersion: '1' },
};

/** A Lease as an API server keeps it, and what was done to it. */
function newLeases() {
  const revisions: string[] = [];
  const state: { exists: boolean; failing: boolean } = { exists: false, failing: false };
  const told = (lease: { readonly metadata?: { readonly annotations?: unknown } }): void => {
    const { annotations } = lease.metadata ?? {};
    revisions.push(
      String(typeof annotations === 'object' && annotations !== null ? Object.values(annotations)[0] : ''),
    );
  };
  const client: ReplicaLeaseOptions['leases'] = {
    async create(lease) {
      state.exists = true;
      told(lease);
      return STORED;
    },
    async mergePatch(_name, patch) {
      if (state.failing) throw unavailable;
      if (!state.exists) throw notFound;
      told({ metadata: { annotations: patch.metadata?.annotations } });
      return STORED;
    },
    async delete() {
      state.exists = false;
    },
  };
  return { client, revisions, state };
}

function start() {
  const clock = newFakeClock();
  const leases = newLeases();
  const errors: unknown[] = [];
  const stop = new AbortController();
  const lease = newReplicaLease({
    leases: leases.client,
    namespace: 'chaperone-system',
    replica: 'pod-1',
    clock,
    observe: (error) => errors.push(error),
  });
  const ended = lease.run(stop.signal);
  return { clock, leases, errors, lease, stop: () => stop.abort(), ended };
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
  expect(leases.state.exists).toBe(false);
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
