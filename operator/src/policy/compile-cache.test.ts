import { expect, test } from 'vitest';
import type { CompiledObject } from '@chaperone/crds/bundle/bundle';
import type { KubernetesObject, Stored } from '@chaperone/crds/client/kubernetes-object';
import { newFakeClock } from '@chaperone/test/faults/fake-clock';
import { newChangeClock } from './change-clock.ts';
import { newCompileCache, type Candidate } from './compile-cache.ts';

const object = (
  uid: string,
  generation: number,
  creationTimestamp = '2026-01-01T00:00:00Z',
): Stored<KubernetesObject> => ({
  apiVersion: 'v1',
  kind: 'X',
  metadata: { name: uid, uid, generation, resourceVersion: '1', creationTimestamp },
});

function setUp() {
  const compiled: string[] = [];
  const cache = newCompileCache<CompiledObject, KubernetesObject>({
    compile(value) {
      compiled.push(JSON.stringify(value));
      return { kind: 'refused', findings: [] };
    },
    pause: () => Promise.resolve(),
    measure: (work) => work(),
  });
  const { signal } = new AbortController();
  const arrivals = async (...objects: Stored<KubernetesObject>[]): Promise<Record<string, number>> =>
    Object.fromEntries(
      (await cache.candidates(objects, signal)).map(({ uid, arrival }: Candidate<CompiledObject>) => [uid, arrival]),
    );
  return { compiled, arrivals, cache };
}

test('each generation is compiled once, and again after the object was gone', async () => {
  const { compiled, arrivals } = setUp();
  await arrivals(object('a', 1), object('b', 1));
  await arrivals(object('a', 1), object('b', 1));
  expect(compiled).toHaveLength(2);
  await arrivals(object('a', 2), object('b', 1));
  expect(compiled).toHaveLength(3);
  await arrivals(object('a', 2));
  await arrivals(object('a', 2), object('b', 1));
  expect(compiled).toHaveLength(4);
});

test('objects arrive as they were made, and a new generation after all that is known', async () => {
  const { arrivals } = setUp();
  const [old, young] = [object('old', 1, '2025-01-01T00:00:00Z'), object('young', 1)];
  expect(await arrivals(young, old)).toEqual({ old: 1, young: 2 });
  expect(await arrivals(object('old', 2, '2025-01-01T00:00:00Z'), young)).toEqual({ old: 3, young: 2 });
});

test('it ends between two objects when it is told to', async () => {
  const { cache, compiled } = setUp();
  const aborted = AbortSignal.abort(new Error('stop'));
  await expect(cache.candidates([object('a', 1)], aborted)).rejects.toThrow('stop');
  expect(compiled).toEqual([]);
});

test('the first change that no bundle holds is remembered, also where publishing it failed', async () => {
  const clock = newFakeClock();
  const changes = newChangeClock(clock);
  expect(changes.take()).toBeUndefined();
  await clock.advance(10);
  changes.note();
  await clock.advance(10);
  changes.note();
  const first = changes.take();
  expect(first).toBe(10);
  changes.note();
  changes.giveBack(first);
  expect(changes.take()).toBe(10);
  changes.note();
  changes.giveBack(undefined);
  expect(changes.take()).toBe(20);
});
