import { describe, expect, test } from 'vitest';
import { ApiError, ConnectionError, summarizeStatus } from '@chaperone/crds/client/api-error';
import type { Lease } from '@chaperone/crds/client/kinds';
import type { Stored } from '@chaperone/crds/client/kubernetes-object';
import { newFakeClock, settle, type FakeClock } from '@chaperone/test/faults/fake-clock';
import { newLogLines } from '@chaperone/test/faults/log-lines';
import { newLogger } from '@chaperone/crds/process/logger';
import { judge, observe } from './lease-record.ts';
import {
  newLeaderElector,
  type ElectionOutcome,
  type LeaderElectionOptions,
  type LeaderElector,
} from './leaderelection.ts';

type LeaseClient = LeaderElectionOptions['leases'];

/** One Lease with the API server's rules about resourceVersion, and a way to cut one process off. */
interface LeaseServer {
  lease: Stored<Lease> | undefined;
  writes: number;
  client(connection: { up: 'yes' | 'refused' | 'silent' | 'answersLost' }): LeaseClient;
}

const refused = (status: number, reason: string): ApiError =>
  new ApiError('lease', summarizeStatus({ status, body: { kind: 'Status', reason } }));

function newLeaseServer(): LeaseServer {
  const server: LeaseServer = {
    lease: undefined,
    writes: 0,
    client: (connection) => {
      const through = async <R>(signal: AbortSignal | undefined, act: () => R): Promise<R> => {
        await Promise.resolve();
        switch (connection.up) {
          case 'refused':
            throw new ConnectionError('refused');
          case 'silent':
            return new Promise<R>((_resolve, reject) =>
              signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true }),
            );
          case 'answersLost':
            act();
            throw new ConnectionError('reset');
          case 'yes':
            return act();
          default:
            throw new TypeError(connection.up satisfies never);
        }
      };
      const store = (lease: Lease): Stored<Lease> => {
        server.writes += 1;
        server.lease = {
          ...lease,
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { ...lease.metadata, name: 'l', namespace: 'n', uid: 'u', resourceVersion: String(server.writes) },
        };
        return server.lease;
      };
      return {
        get: (_name, call) =>
          through(call?.signal, () => {
            if (server.lease === undefined) {
              throw refused(404, 'NotFound');
            }
            return server.lease;
          }),
        create: (lease, call) =>
          through(call?.signal, () => {
            if (server.lease !== undefined) {
              throw refused(409, 'AlreadyExists');
            }
            return store(lease);
          }),
        replace: (lease, call) =>
          through(call?.signal, () => {
            if (server.lease?.metadata.resourceVersion !== lease.metadata?.resourceVersion) {
              throw refused(409, 'Conflict');
            }
            return store(lease);
          }),
      };
    },
  };
  return server;
}

interface Candidate {
  readonly elector: LeaderElector;
  readonly connection: { up: 'yes' | 'refused' | 'silent' | 'answersLost' };
  readonly stop: AbortController;
  started: number;
  outcome: ElectionOutcome | undefined;
}

const OWNER = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: 'release', uid: 'release' };

function join(server: LeaseServer, clock: FakeClock, identity: string): Candidate {
  const connection: Candidate['connection'] = { up: 'yes' };
  const elector = newLeaderElector({
    leases: server.client(connection),
    namespace: 'n',
    name: 'l',
    identity,
    ownerReferences: [OWNER],
    clock,
    logger: newLogger({ level: 'debug', stream: newLogLines().stream }),
    random: () => 0,
  });
  const candidate: Candidate = { elector, connection, stop: new AbortController(), started: 0, outcome: undefined };
  void elector
    .run(() => (candidate.started += 1), candidate.stop.signal)
    .then((outcome) => (candidate.outcome = outcome));
  return candidate;
}

describe('an election', () => {
  test('is won by the first, kept by renewing, and waited for by the second', async () => {
    const [server, clock] = [newLeaseServer(), newFakeClock()];
    const first = join(server, clock, 'first');
    await settle();
    const second = join(server, clock, 'second');
    await clock.advance(60_000);
    expect([first.started, second.started]).toEqual([1, 0]);
    expect([first.elector.isLeader(), second.elector.isLeader()]).toEqual([true, false]);
    expect(second.elector.leader()).toBe('first');
    expect(server.lease?.spec).toMatchObject({ leaseDurationSeconds: 15, leaseTransitions: 0 });
    expect(server.lease?.spec?.renewTime).toMatch(/^2026-01-01T00:01:00\.000000Z$/);
    expect(server.writes).toBe(31);
  });

  test('leaves the Lease with its owner: where it was made, made again, and where it had none', async () => {
    const [server, clock] = [newLeaseServer(), newFakeClock()];
    join(server, clock, 'first');
    await settle();
    const owners = (): unknown => server.lease?.metadata.ownerReferences;
    expect(owners()).toEqual([OWNER]);
    server.lease = undefined;
    await clock.advance(4_000);
    expect(owners()).toEqual([OWNER]);
    for (const ownerReferences of [[], [{ ...OWNER, uid: 'of an earlier release' }]]) {
      const lease = await server.client({ up: 'yes' }).get({ name: 'l', namespace: 'n' });
      const metadata = { ...lease.metadata, ownerReferences };
      await server.client({ up: 'yes' }).replace({ ...lease, metadata });
      expect(owners()).toEqual(ownerReferences);
      await clock.advance(4_000);
      expect(owners()).toEqual([OWNER]);
    }
  });

  test('goes to the next at once where the leader gives the lease back', async () => {
    const [server, clock] = [newLeaseServer(), newFakeClock()];
    const first = join(server, clock, 'first');
    await settle();
    const second = join(server, clock, 'second');
    await clock.advance(10_000);
    first.stop.abort();
    await clock.advance(2_000);
    expect(first.outcome).toBe('stopped');
    expect(second.started).toBe(1);
    expect(server.lease?.spec).toMatchObject({ holderIdentity: 'second', leaseTransitions: 1 });
  });

  test('of a leader that vanished goes to the next after the lease duration, not before', async () => {
    const [server, clock] = [newLeaseServer(), newFakeClock()];
    const first = join(server, clock, 'first');
    await settle();
    first.connection.up = 'silent';
    const second = join(server, clock, 'second');
    await clock.advance(14_000);
    expect(second.started).toBe(0);
    await clock.advance(4_000);
    expect(second.started).toBe(1);
  });

  test('is not won early by a clock that is ahead, nor never by one that is behind', async () => {
    for (const skew of [-86_400_000, 86_400_000]) {
      const [server, clock] = [newLeaseServer(), newFakeClock()];
      const first = join(server, clock, 'first');
      await settle();
      clock.jumpWallClock(skew);
      const second = join(server, clock, 'second');
      await clock.advance(60_000);
      expect(second.started).toBe(0);
      first.connection.up = 'refused';
      await clock.advance(18_000);
      expect(second.started).toBe(1);
    }
  });

  test('is won again at once by a process that comes back under its own identity', async () => {
    const [server, clock] = [newLeaseServer(), newFakeClock()];
    const first = join(server, clock, 'same');
    await settle();
    first.connection.up = 'refused';
    const again = join(server, clock, 'same');
    await settle();
    expect(again.started).toBe(1);
  });
});

describe('a leader', () => {
  test.each(['refused', 'silent', 'answersLost'] as const)(
    'survives an API server that is %s for less than the renew deadline',
    async (fault) => {
      const [server, clock] = [newLeaseServer(), newFakeClock()];
      const leader = join(server, clock, 'leader');
      await clock.advance(20_000);
      leader.connection.up = fault;
      await clock.advance(5_000);
      leader.connection.up = 'yes';
      await clock.advance(60_000);
      expect(leader.outcome).toBeUndefined();
      expect(leader.elector.isLeader()).toBe(true);
    },
  );

  test.each(['refused', 'silent'] as const)(
    'gives up by itself where the API server is %s for longer, before anybody else can lead',
    async (fault) => {
      const [server, clock] = [newLeaseServer(), newFakeClock()];
      const leader = join(server, clock, 'leader');
      await clock.advance(20_000);
      const rival = join(server, clock, 'rival');
      await settle();
      leader.connection.up = fault;
      let bothLed = false;
      let lostAt: number | undefined;
      for (let waited = 0; waited < 40_000; waited += 100) {
        await clock.advance(100);
        bothLed ||= leader.outcome === undefined && rival.started > 0;
        lostAt ??= leader.outcome === 'lost' ? waited : undefined;
      }
      expect(bothLed).toBe(false);
      expect(lostAt).toBeLessThanOrEqual(10_100);
      expect(rival.started).toBe(1);
    },
  );

  test('gives up at once where another holds the lease', async () => {
    const [server, clock] = [newLeaseServer(), newFakeClock()];
    const leader = join(server, clock, 'leader');
    await clock.advance(3_000);
    const { lease } = server;
    server.lease =
      lease === undefined
        ? undefined
        : {
            ...lease,
            metadata: { ...lease.metadata, resourceVersion: '9999' },
            spec: { ...lease.spec, holderIdentity: 'thief' },
          };
    await clock.advance(2_000);
    expect(leader.outcome).toBe('lost');
    expect(leader.elector.isLeader()).toBe(false);
    expect(server.lease?.spec?.holderIdentity).toBe('thief');
  });

  test('goes on where somebody else touched the lease and left the holder', async () => {
    const [server, clock] = [newLeaseServer(), newFakeClock()];
    const leader = join(server, clock, 'leader');
    await clock.advance(3_000);
    const { lease } = server;
    server.lease = lease && { ...lease, metadata: { ...lease.metadata, resourceVersion: '9999' } };
    await clock.advance(20_000);
    expect(leader.outcome).toBeUndefined();
    expect(leader.elector.isLeader()).toBe(true);
  });

  test('makes the lease anew where somebody deleted it', async () => {
    const [server, clock] = [newLeaseServer(), newFakeClock()];
    const leader = join(server, clock, 'leader');
    await clock.advance(3_000);
    server.lease = undefined;
    await clock.advance(4_000);
    expect(leader.outcome).toBeUndefined();
    expect(server.lease).toMatchObject({ spec: { holderIdentity: 'leader' } });
  });

  test('that never came to lead says so by not starting, and leaves the lease alone', async () => {
    const [server, clock] = [newLeaseServer(), newFakeClock()];
    const leader = join(server, clock, 'leader');
    await settle();
    const waiting = join(server, clock, 'waiting');
    await clock.advance(5_000);
    waiting.stop.abort();
    await settle();
    expect(waiting.outcome).toBe('stopped');
    expect(waiting.started).toBe(0);
    expect(server.lease).toMatchObject({ spec: { holderIdentity: 'leader' } });
    expect(leader.elector.isLeader()).toBe(true);
  });
});

describe('judging a lease', () => {
  const lease = (holderIdentity: string, leaseDurationSeconds = 15): Stored<Lease> => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'l', namespace: 'n', uid: 'u', resourceVersion: '1' },
    spec: { holderIdentity, leaseDurationSeconds },
  });

  test.each<[string, Stored<Lease>, number, string]>([
    ['without a holder', lease(''), 0, 'free'],
    ['of our own', lease('me'), 1e9, 'ours'],
    ['of another, seen just now', lease('other'), 0, 'held'],
    ['of another, silent for its duration', lease('other'), 15_000, 'free'],
    ['without a duration', lease('other', 0), 0, 'free'],
    ['with a duration of a year, silent for an hour', lease('other', 31_536_000), 3_600_000, 'free'],
  ])('%s', (_what, seen, later, want) => {
    const observation = observe(undefined, seen, 1_000);
    expect(judge(observation, 'me', 1_000 + later).type).toBe(want);
  });

  test('counts from the last change by its holder, not from the last look', () => {
    const first = observe(undefined, lease('other'), 0);
    const again = observe(first, { ...lease('other') }, 9_000);
    expect(again.since).toBe(0);
    const renewed = observe(again, lease('other', 16), 9_000);
    expect(renewed.since).toBe(9_000);
  });
});
