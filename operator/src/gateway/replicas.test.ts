import type { InformerEvent, InformerHandler } from '@chaperone/crds/client/informer';
import type { Lease } from '@chaperone/crds/client/kinds';
import type { Stored } from '@chaperone/crds/client/kubernetes-object';
import { newFakeClock, type FakeClock } from '@chaperone/test/faults/fake-clock';
import { beforeEach, describe, expect, test } from 'vitest';
import { newReplicaTracker, type ReplicaTracker } from './replicas.ts';

const NAMESPACE = 'chaperone-system';

interface LeaseOptions {
  readonly renewed?: string;
  readonly revision?: string;
  readonly namespace?: string;
  readonly component?: string;
  readonly holder?: string;
}

function lease(name: string, options: LeaseOptions = {}): Stored<Lease> {
  const { renewed = '1', revision, namespace = NAMESPACE, component = 'proxy', holder = name } = options;
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name,
      namespace,
      uid: `uid-${name}`,
      resourceVersion: renewed,
      labels: { 'app.kubernetes.io/component': component },
      ...(revision === undefined ? {} : { annotations: { 'chaperone.dev/revision': revision } }),
    },
    spec: { holderIdentity: holder, leaseDurationSeconds: 15, renewTime: renewed },
  };
}

let clock: FakeClock;
let handlers: Set<InformerHandler<Lease>>;
let tracker: ReplicaTracker;
let changes: number;

beforeEach(() => {
  clock = newFakeClock();
  handlers = new Set();
  changes = 0;
  const leases = {
    addHandler(handler: InformerHandler<Lease>) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
  tracker = newReplicaTracker({ leases, namespace: NAMESPACE, clock });
  tracker.onChange(() => (changes += 1));
});

const tell = (event: InformerEvent<Lease>): void => handlers.forEach((handler) => handler(event));
const seen = (object: Stored<Lease>): void => tell({ type: 'updated', object, old: object });

describe('a replica', () => {
  test('is there while its Lease is renewed, whatever time that says', async () => {
    seen(lease('a', { revision: 'r1' }));
    expect(tracker.live()).toEqual([{ name: 'a', revision: 'r1' }]);
    await clock.advance(14_000);
    seen(lease('a', { revision: 'r1', renewed: '1970-01-01T00:00:00Z' }));
    await clock.advance(14_000);
    expect(tracker.isAlive('a')).toBe(true);
    expect(changes).toBe(1);
  });

  test('is gone when its Lease was not renewed for as long as it lasts, and that is told', async () => {
    seen(lease('a'));
    seen(lease('b'));
    await clock.advance(10_000);
    seen(lease('b', { renewed: '2' }));
    await clock.advance(5_500);
    expect(tracker.live().map(({ name }) => name)).toEqual(['b']);
    expect(tracker.isAlive('a')).toBe(false);
    expect(changes).toBe(3);
    expect(tracker.expiredFor(0).map(({ metadata }) => metadata.name)).toEqual(['a']);
    expect(tracker.expiredFor(10_000)).toEqual([]);
    await clock.advance(11_000);
    expect(tracker.expiredFor(10_000).map(({ metadata }) => metadata.name)).toEqual(['a']);
  });

  test('is not renewed by a Lease that is only read again', async () => {
    seen(lease('a'));
    await clock.advance(10_000);
    tell({ type: 'resync', object: lease('a') });
    await clock.advance(6_000);
    expect(tracker.live()).toEqual([]);
  });

  test('tells when it serves another revision', () => {
    seen(lease('a', { revision: 'r1' }));
    seen(lease('a', { revision: 'r2', renewed: '2' }));
    expect(tracker.live()).toEqual([{ name: 'a', revision: 'r2' }]);
    expect(changes).toBe(2);
  });

  test('that gave its Lease back, or deleted it, is gone at once', () => {
    seen(lease('a'));
    seen(lease('b'));
    seen(lease('a', { holder: '' }));
    tell({ type: 'deleted', object: lease('b'), finalStateUnknown: false });
    expect(tracker.live()).toEqual([]);
  });

  test('is nobody with a Lease elsewhere, or of another component', () => {
    seen(lease('a', { namespace: 'default' }));
    seen(lease('chaperone-operator', { component: 'operator' }));
    expect(tracker.live()).toEqual([]);
    expect(changes).toBe(0);
  });
});

test('nothing is told, and no timer is left, after the end', () => {
  seen(lease('a'));
  tracker.stop();
  seen(lease('b'));
  expect(changes).toBe(1);
  expect(clock.pendingTimers()).toBe(0);
});
