import { generateKeyPairSync } from 'node:crypto';
import {
  isRegistrySigned,
  NO_REGISTRY,
  parseRegistry,
  REGISTRY_DATA_KEY,
  registryHash,
  type Registry,
} from '@chaperone/crds/audit/registry';
import { signingKey } from '@chaperone/crds/audit/signing-keys';
import { WRITERS_ANNOTATION, type ReportedWriter } from '@chaperone/crds/audit/writer-report';
import { ApiError } from '@chaperone/crds/client/api-error';
import type { ConfigMap, Lease } from '@chaperone/crds/client/kinds';
import type { Stored } from '@chaperone/crds/client/kubernetes-object';
import { newLogger } from '@chaperone/crds/process/logger';
import { newFakeClock } from '@chaperone/test/faults/fake-clock';
import { newLogLines } from '@chaperone/test/faults/log-lines';
import { expect, test } from 'vitest';
import type { Result } from '../runtime/reconciler.ts';
import { newRegistryStore } from './registry-store.ts';
import { newWritersReconciler } from './writers-reconciler.ts';

const newKey = () =>
  signingKey(generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }), 'test');
const KEY = newKey();
const INTERVALS = { writersMs: 3_000, headsMs: 300_000, longestMs: 3_600_000 };

const refusal = (status: number, reason: string): ApiError =>
  new ApiError('PUT', { status, reason, message: '', causes: [], retryAfterSeconds: undefined });

/** The ConfigMap as an API server keeps it. */
function newStored() {
  const state: { object: Stored<ConfigMap> | undefined; version: number; racing: boolean } = {
    object: undefined,
    version: 0,
    racing: false,
  };
  function put(data: Record<string, string>): Stored<ConfigMap> {
    state.version += 1;
    const metadata = { name: 'chaperone-writers', uid: 'u', resourceVersion: String(state.version) };
    state.object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
    return state.object;
  }
  const configMaps = {
    async get() {
      if (state.object === undefined) throw refusal(404, 'NotFound');
      return state.object;
    },
    async create({ data = {} }: ConfigMap) {
      if (state.object !== undefined) throw refusal(409, 'AlreadyExists');
      return put(data);
    },
    async replace({ metadata, data = {} }: ConfigMap) {
      if (metadata?.resourceVersion !== state.object?.metadata.resourceVersion) throw refusal(409, 'Conflict');
      const stored = put(data);
      // It was carried out, and the operator is told that it was not.
      if (state.racing) throw refusal(409, 'Conflict');
      return stored;
    },
  };
  return { state, put, configMaps };
}

interface Started {
  readonly stored: ReturnType<typeof newStored>;
  readonly clock: ReturnType<typeof newFakeClock>;
  readonly removed: readonly string[];
  readonly events: readonly string[];
  readonly tell: (replica: string, writers: readonly ReportedWriter[], holder?: string) => void;
  readonly reconcile: () => Promise<Result>;
  readonly registry: () => Registry;
}

function start(stored = newStored(), clock = newFakeClock(), keys = KEY): Started {
  const leases: Stored<Lease>[] = [];
  const removed: string[] = [];
  const events: string[] = [];
  const logger = newLogger({ level: 'error', stream: newLogLines().stream });
  const reconciler = newWritersReconciler({
    leases: () => leases,
    isAlive: (replica) => leases.some(({ metadata, spec }) => metadata.name === replica && spec?.holderIdentity !== ''),
    watched: () => stored.state.object,
    async removeLease({ name }) {
      removed.push(name);
    },
    store: newRegistryStore({ configMaps: stored.configMaps, namespace: 'chaperone-system', ownerReferences: [] }),
    openKeys: async () => ({ keys: [keys], isNew: false }),
    limits: { retentionMs: 86_400_000, maxWriters: 100 },
    intervals: INTERVALS,
    event: ({ reason }) => void events.push(reason),
    clock,
  });
  const context = { signal: new AbortController().signal, logger };
  return {
    stored,
    clock,
    removed,
    events,
    tell(replica: string, writers: readonly ReportedWriter[], holder = replica) {
      const index = leases.findIndex(({ metadata }) => metadata.name === replica);
      const lease: Stored<Lease> = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: {
          name: replica,
          uid: replica,
          resourceVersion: '1',
          annotations: { [WRITERS_ANNOTATION]: JSON.stringify({ writers, keys: [KEY.publicKey] }) },
        },
        spec: { holderIdentity: holder },
      };
      leases.splice(index < 0 ? leases.length : index, 1, lease);
    },
    reconcile: () => reconciler.reconcile({ name: 'chaperone-writers' }, context),
    registry(): Registry {
      const registry = parseRegistry(stored.state.object?.data?.[REGISTRY_DATA_KEY]);
      if (registry === undefined) throw new Error('there is no registry');
      return registry;
    },
  };
}

const writer = (name: string, sequence: number, more: Partial<ReportedWriter> = {}): ReportedWriter => ({
  writer: name,
  replica: 'pod',
  start: '2026-01-01T00:00:00.000Z',
  head: { sequence, chain: 'a'.repeat(64) },
  ...more,
});

test('each registry is signed, has the next number and names the one before', async () => {
  const { tell, reconcile, registry, clock } = start();
  await reconcile();
  const first = registry();
  expect(first).toMatchObject({ previousRegistry: NO_REGISTRY, number: Math.floor(clock.now() / 1_000), writers: [] });
  tell('pod', [writer('a', 1)]);
  expect(await reconcile()).toEqual({ requeueAfterMs: INTERVALS.writersMs });
  expect(registry()).toEqual(first);
  await clock.advance(INTERVALS.writersMs);
  await reconcile();
  const second = registry();
  expect(second).toMatchObject({ number: first.number + 1, previousRegistry: registryHash(first) });
  expect(second.writers).toEqual([writer('a', 1)]);
  expect(isRegistrySigned(second, KEY)).toBe(true);
});

test('chains that grow are told of now and then, and the hour is told when nothing is new', async () => {
  const { tell, reconcile, registry, clock } = start();
  tell('pod', [writer('a', 1)]);
  await reconcile();
  const { number } = registry();
  tell('pod', [writer('a', 50)]);
  await clock.advance(INTERVALS.headsMs - 1);
  expect(await reconcile()).toEqual({ requeueAfterMs: 1 });
  expect(registry().number).toBe(number);
  await clock.advance(1);
  expect(await reconcile()).toEqual({ requeueAfterMs: INTERVALS.longestMs });
  expect(registry()).toMatchObject({ number: number + 1, writers: [{ head: { sequence: 50 } }] });
  await clock.advance(INTERVALS.longestMs);
  await reconcile();
  expect(registry().number).toBe(number + 2);
});

test('the next operator goes on with the chain', async () => {
  const first = start();
  first.tell('pod', [writer('a', 1)]);
  await first.reconcile();
  const before = first.registry();
  const second = start(first.stored, first.clock);
  await second.clock.advance(INTERVALS.writersMs);
  await second.reconcile();
  expect(second.registry()).toMatchObject({ number: before.number + 1, previousRegistry: registryHash(before) });
  // Nobody tells of it any more, and it is not forgotten.
  expect(second.registry().writers).toMatchObject([{ writer: 'a', lost: new Date(second.clock.now()).toISOString() }]);
  expect(second.events).toEqual([]);
});

test.each<{ name: string; tamper: (stored: ReturnType<typeof newStored>) => void }>([
  { name: 'deleted', tamper: (stored) => void (stored.state.object = undefined) },
  { name: 'altered', tamper: (stored) => void stored.put({ [REGISTRY_DATA_KEY]: '{}' }) },
])('one that was $name is written again as the operator knows it, and people are told once', async ({ tamper }) => {
  const { stored, tell, reconcile, registry, events } = start();
  tell('pod', [writer('a', 1)]);
  await reconcile();
  const before = registry();
  tamper(stored);
  await reconcile();
  expect(registry()).toMatchObject({ number: before.number + 1, previousRegistry: registryHash(before) });
  expect(registry().writers).toEqual(before.writers);
  await reconcile();
  expect(events).toEqual(['RegistryAltered']);
});

test('one that was put back to an older one is tampering, too', async () => {
  const { stored, tell, reconcile, registry, events, clock } = start();
  await reconcile();
  const old = { ...stored.state.object?.data };
  tell('pod', [writer('a', 1)]);
  await clock.advance(INTERVALS.writersMs);
  await reconcile();
  const { number } = registry();
  stored.put(old);
  await reconcile();
  expect(registry()).toMatchObject({ number: number + 1, writers: [{ writer: 'a' }] });
  expect(events).toEqual(['RegistryAltered']);
});

test('one that another key has signed is not gone on with: a chain is begun, with a higher number', async () => {
  const foreign = start(newStored(), newFakeClock(), newKey());
  foreign.tell('pod', [writer('a', 1)]);
  await foreign.reconcile();
  const { number } = foreign.registry();
  await foreign.clock.advance(2_000);
  const own = start(foreign.stored, foreign.clock);
  await own.reconcile();
  expect(own.registry()).toMatchObject({ previousRegistry: NO_REGISTRY, writers: [] });
  expect(own.registry().number).toBeGreaterThan(number);
  expect(isRegistrySigned(own.registry(), KEY)).toBe(true);
  expect(own.events).toEqual(['RegistryNotSigned']);
});

test('a write of which nobody knows whether it was carried out is looked for, and gone on from', async () => {
  const { stored, tell, reconcile, registry, events, clock } = start();
  await reconcile();
  const first = registry();
  tell('pod', [writer('a', 1)]);
  await clock.advance(INTERVALS.writersMs);
  stored.state.racing = true;
  await reconcile();
  stored.state.racing = false;
  expect(registry().number).toBe(first.number + 1);
  await reconcile();
  tell('pod', [writer('a', 1), writer('b', 1, { end: '2026-01-01T00:00:01.000Z' })]);
  await clock.advance(INTERVALS.writersMs);
  await reconcile();
  expect(registry().number).toBe(first.number + 2);
  expect(events).toEqual([]);
});

test('a Lease is removed when it was given up and all that it tells is in the registry', async () => {
  const { tell, reconcile, removed, clock } = start();
  tell('held', [writer('h', 1, { replica: 'held' })]);
  tell('pod', [writer('a', 1)], '');
  await reconcile();
  // Its end is still to be told.
  expect(removed).toEqual([]);
  tell('pod', [writer('a', 2, { end: new Date(clock.now()).toISOString() })], '');
  await reconcile();
  expect(removed).toEqual([]);
  await clock.advance(INTERVALS.writersMs);
  await reconcile();
  expect(removed).toEqual(['pod']);
});

test('a contradiction is told once', async () => {
  const { tell, reconcile, events, clock } = start();
  tell('pod', [writer('a', 3)]);
  await reconcile();
  tell('pod', [writer('a', 3, { head: { sequence: 3, chain: 'b'.repeat(64) } })]);
  for (let count = 0; count < 3; count += 1) {
    await clock.advance(INTERVALS.writersMs);
    await reconcile();
  }
  expect(events).toEqual(['WriterContradicted']);
});
