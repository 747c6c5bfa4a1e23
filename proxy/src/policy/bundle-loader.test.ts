import { BUNDLE_HEAD, bundleConfigMaps, type BundleConfigMap } from '@chaperone/crds/bundle/configmaps';
import { encodeBundle } from '@chaperone/crds/bundle/encode';
import type { InformerHandler } from '@chaperone/crds/client/informer';
import type { ConfigMap } from '@chaperone/crds/client/kinds';
import type { Stored } from '@chaperone/crds/client/kubernetes-object';
import { newFakeClock, settle } from '@chaperone/test/faults/fake-clock';
import { compiled, rule } from '@chaperone/test/policy/builders';
import { afterEach, describe, expect, test } from 'vitest';
import { newBundleLoader, type BundleLoaded } from './bundle-loader.ts';

const NAMESPACE = 'chaperone-system';
const stopping: AbortController[] = [];
afterEach(() => {
  for (const stop of stopping.splice(0)) stop.abort();
});

const revisionOf = (...policies: readonly string[]) =>
  bundleConfigMaps(
    encodeBundle(
      policies.map((name) => compiled(name, [rule('read', { verbs: ['get'], resources: ['pods'] })])),
      [],
    ),
    NAMESPACE,
  );
const [ONE, TWO] = [revisionOf('one'), revisionOf('one', 'two')];

const stored = (configMap: BundleConfigMap): Stored<ConfigMap> => ({
  ...configMap,
  data: { ...configMap.data },
  binaryData: { ...configMap.binaryData },
  metadata: { ...configMap.metadata, labels: {}, ownerReferences: [], uid: 'uid', resourceVersion: '1' },
});

/** A loader before ConfigMaps that a test writes. */
function start() {
  const clock = newFakeClock();
  const handlers = new Set<InformerHandler<ConfigMap>>();
  const events: BundleLoaded[] = [];
  const parts = new Map<string, BundleConfigMap>();
  let head: Stored<ConfigMap> | undefined;
  let heardAt = 0;
  const loader = newBundleLoader({
    heads: {
      lister: { get: ({ name }) => (name === BUNDLE_HEAD ? head : undefined) },
      stalenessMs: () => clock.monotonic() - heardAt,
      addHandler(handler) {
        handlers.add(handler);
        return () => handlers.delete(handler);
      },
    },
    configMaps: {
      get: ({ name }) => {
        const part = parts.get(name);
        return part === undefined ? Promise.reject(new Error('there is no such part')) : Promise.resolve(stored(part));
      },
    },
    namespace: NAMESPACE,
    clock,
    observe: (event) => events.push(event),
  });
  const stop = new AbortController();
  stopping.push(stop);
  void loader.run(stop.signal);
  async function tell(next: BundleConfigMap | undefined): Promise<void> {
    const old = head;
    head = next === undefined ? undefined : stored(next);
    for (const handler of handlers) {
      if (head !== undefined) handler({ type: 'added', object: head });
      else if (old !== undefined) handler({ type: 'deleted', object: old, finalStateUnknown: false });
    }
    await settle();
  }
  return {
    clock,
    loader,
    events,
    parts,
    publish: ({ head: next, parts: its }: typeof ONE): Promise<void> => {
      for (const part of its) parts.set(part.metadata.name, part);
      return tell(next);
    },
    tell,
    /** Time passes, in which the watch of the head is well. */
    passes: async (ms: number): Promise<void> => {
      await clock.advance(ms);
      heardAt = clock.monotonic();
    },
    revision: () => loader.current()?.revision,
  };
}

describe('policies that are in force', () => {
  test('are those that the head names', async () => {
    const { publish, revision, loader } = start();
    expect(revision()).toBeUndefined();
    await publish(ONE);
    expect(revision()).toBe(ONE.head.data?.['revision']);
    await publish(TWO);
    expect(revision()).toBe(TWO.head.data?.['revision']);
    expect(loader.lastError()).toBeUndefined();
  });

  test('are confirmed by each new watch of a head that names them', async () => {
    const { publish, passes, loader, clock } = start();
    await publish(ONE);
    await passes(60_000);
    expect(loader.stalenessMs()).toBe(0);
    await clock.advance(3_000);
    expect(loader.stalenessMs()).toBe(3_000);
  });

  test('stand while the head is gone, and grow stale, however well its watch is', async () => {
    const { publish, tell, passes, loader, revision } = start();
    await publish(ONE);
    await passes(60_000);
    await tell(undefined);
    await passes(10_000);
    expect(revision()).toBe(ONE.head.data?.['revision']);
    expect(loader.stalenessMs()).toBe(10_000);
    await publish(ONE);
    expect(loader.stalenessMs()).toBe(0);
  });

  test.each([
    ['a part that is missing', (parts: Map<string, BundleConfigMap>) => parts.clear()],
    [
      'a part of other content than its name says',
      (parts: Map<string, BundleConfigMap>) => {
        for (const [name, part] of parts) parts.set(name, { ...part, binaryData: { part: 'AAAA' } });
      },
    ],
  ])('stand while the head names %s, and grow stale; it is tried again', async (_, spoil) => {
    const { publish, tell, passes, loader, revision, parts, events } = start();
    await publish(ONE);
    await passes(60_000);
    for (const part of TWO.parts) parts.set(part.metadata.name, part);
    spoil(parts);
    await tell(TWO.head);
    await passes(10_000);
    expect(revision()).toBe(ONE.head.data?.['revision']);
    expect(loader.stalenessMs()).toBe(10_000);
    expect(loader.lastError()).toBeInstanceOf(Error);
    expect(events.filter(({ kind }) => kind === 'NotLoaded').length).toBeGreaterThan(2);
    for (const part of TWO.parts) parts.set(part.metadata.name, part);
    await passes(1_000);
    expect(revision()).toBe(TWO.head.data?.['revision']);
    expect(loader.stalenessMs()).toBe(0);
    expect(loader.lastError()).toBeUndefined();
  });

  test('grow no staler by a head that changes again and again than since it named them last', async () => {
    const { publish, tell, passes, loader, parts } = start();
    await publish(ONE);
    await tell(TWO.head);
    await passes(4_000);
    parts.clear();
    await tell(undefined);
    await passes(4_000);
    expect(loader.stalenessMs()).toBe(8_000);
  });
});

test('before the first bundle nothing is in force, whatever the head names', async () => {
  const { tell, passes, revision, loader } = start();
  await tell(ONE.head);
  await passes(1_000);
  expect(revision()).toBeUndefined();
  expect(loader.lastError()).toBeInstanceOf(Error);
});
