import { expect, test } from 'vitest';
import { BUNDLE_LABEL } from '@chaperone/crds/bundle/configmaps';
import { ApiError, summarizeStatus } from '@chaperone/crds/client/api-error';
import type { ConfigMap } from '@chaperone/crds/client/kinds';
import type { Stored } from '@chaperone/crds/client/kubernetes-object';
import { newStore } from '@chaperone/crds/client/store';
import { newFakeClock } from '@chaperone/test/faults/fake-clock';
import { newPartSweeper, type PartSweeper } from './part-sweeper.ts';

const part = (name: string, role = 'part', uid = `uid-of-${name}`): Stored<ConfigMap> => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'ns', uid, resourceVersion: '1', labels: { [BUNDLE_LABEL]: role } },
});

function setUp(fail?: ApiError): {
  readonly sweeper: PartSweeper;
  readonly clock: ReturnType<typeof newFakeClock>;
  readonly store: ReturnType<typeof newStore<ConfigMap>>;
  readonly deleted: string[];
} {
  const clock = newFakeClock();
  const store = newStore<ConfigMap>({});
  const deleted: string[] = [];
  const sweeper = newPartSweeper({
    configMaps: {
      delete(object, options) {
        deleted.push(`${object.name} ${options?.uid ?? ''}`);
        return fail === undefined ? Promise.resolve() : Promise.reject(fail);
      },
    },
    lister: store,
    namespace: 'ns',
    clock,
    graceMs: 1_000,
  });
  return { sweeper, clock, store, deleted };
}

const { signal } = new AbortController();
const refusal = (status: number): ApiError => new ApiError('DELETE', summarizeStatus({ status, body: undefined }));

test('a part that nobody names goes after its grace, by uid, and nothing else does', async () => {
  const { sweeper, clock, store, deleted } = setUp();
  for (const [name, role] of [
    ['chaperone-bundle-old'],
    ['chaperone-bundle-now'],
    ['chaperone-bundle', 'head'],
    ['other'],
  ] as const) {
    store.put(part(name, role));
  }
  const referenced = new Set(['chaperone-bundle-now']);
  expect(await sweeper.sweep(referenced, signal)).toBe(1_000);
  await clock.advance(600);
  expect(await sweeper.sweep(referenced, signal)).toBe(400);
  expect(deleted).toEqual([]);
  await clock.advance(400);
  expect(await sweeper.sweep(referenced, signal)).toBeUndefined();
  expect(deleted).toEqual(['chaperone-bundle-old uid-of-chaperone-bundle-old']);
});

test('a part that is named again, or made anew, has its whole grace before it', async () => {
  const { sweeper, clock, store, deleted } = setUp();
  store.put(part('chaperone-bundle-a'));
  store.put(part('chaperone-bundle-b'));
  await sweeper.sweep(new Set(), signal);
  await clock.advance(900);
  store.put(part('chaperone-bundle-b', 'part', 'another'));
  await sweeper.sweep(new Set(['chaperone-bundle-a']), signal);
  await clock.advance(900);
  expect(await sweeper.sweep(new Set(), signal)).toBe(100);
  expect(deleted).toEqual([]);
});

test.each([404, 409])('a part that is gone or another by now (%i) is no failure', async (status) => {
  const { sweeper, clock, store } = setUp(refusal(status));
  store.put(part('chaperone-bundle-a'));
  await sweeper.sweep(new Set(), signal);
  await clock.advance(1_000);
  await expect(sweeper.sweep(new Set(), signal)).resolves.toBeUndefined();
});

test('any other failure is one', async () => {
  const { sweeper, clock, store } = setUp(refusal(403));
  store.put(part('chaperone-bundle-a'));
  await sweeper.sweep(new Set(), signal);
  await clock.advance(1_000);
  await expect(sweeper.sweep(new Set(), signal)).rejects.toThrow('403');
});
