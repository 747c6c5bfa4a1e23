import { expect, test } from 'vitest';
import type { InformerEvent, InformerHandler } from '@chaperone/crds/client/informer';
import type { Lease } from '@chaperone/crds/client/kinds';
import type { Stored } from '@chaperone/crds/client/kubernetes-object';
import { newStore } from '@chaperone/crds/client/store';
import { newFakeClock } from '@chaperone/test/faults/fake-clock';
import { newLeaseReplicas } from './replicas.ts';

const lease = (renewTime: string, namespace = 'chaperone'): Stored<Lease> => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'proxy-0', namespace, uid: 'u', resourceVersion: renewTime },
  spec: { holderIdentity: 'proxy-0', leaseDurationSeconds: 10, renewTime },
});

test('a replica lives as long as its Lease is seen to be renewed, by the clock of this process', async () => {
  const clock = newFakeClock();
  let say: (event: InformerEvent<Lease>) => void = () => undefined;
  const leases = {
    lister: newStore<Lease>({}),
    addHandler: (handler: InformerHandler<Lease>) => {
      say = handler;
      return () => undefined;
    },
  };
  const replicas = newLeaseReplicas({ leases, namespace: 'chaperone', clock });
  expect(replicas.isAlive('proxy-0')).toBe(false);
  // The replica's own clock is years behind; only that it writes counts.
  say({ type: 'added', object: lease('2001-01-01T00:00:00Z') });
  expect(replicas.isAlive('proxy-0')).toBe(true);
  await clock.advance(9_000);
  say({ type: 'updated', object: lease('2001-01-01T00:00:09Z'), old: lease('2001-01-01T00:00:00Z') });
  await clock.advance(9_000);
  expect(replicas.isAlive('proxy-0')).toBe(true);
  // Said again without having been written, as a resync does.
  say({ type: 'resync', object: lease('2001-01-01T00:00:09Z') });
  await clock.advance(1_000);
  expect(replicas.isAlive('proxy-0')).toBe(false);
  say({ type: 'updated', object: lease('2001-01-01T00:00:30Z'), old: lease('2001-01-01T00:00:09Z') });
  expect(replicas.isAlive('proxy-0')).toBe(true);
  say({ type: 'deleted', object: lease('2001-01-01T00:00:30Z', 'elsewhere'), finalStateUnknown: false });
  expect(replicas.isAlive('proxy-0')).toBe(true);
  say({ type: 'deleted', object: lease('2001-01-01T00:00:30Z'), finalStateUnknown: false });
  expect(replicas.isAlive('proxy-0')).toBe(false);
});
