import { describe, expect, test } from 'vitest';
import { ApiError, summarizeStatus } from '@chaperone/crds/client/api-error';
import { events as eventsResource, type Event } from '@chaperone/crds/client/kinds';
import type { KubernetesObject, Stored } from '@chaperone/crds/client/kubernetes-object';
import { newFakeClock, settle, type FakeClock } from '@chaperone/test/faults/fake-clock';
import { newLogLines } from '@chaperone/test/faults/log-lines';
import { newLogger } from '@chaperone/crds/process/logger';
import { newEventRecorder, type EventNote, type EventRecorder, type EventRecorderOptions } from './events.ts';

const object = (name: string, namespace?: string): Stored<KubernetesObject> => ({
  apiVersion: 'chaperone.dev/v1alpha1',
  kind: 'AgentPolicy',
  metadata: {
    name,
    uid: `uid-of-${name}`,
    resourceVersion: '7',
    ...(namespace === undefined ? {} : { namespace }),
  },
});

const note = (change: Partial<EventNote> = {}): EventNote => ({
  type: 'Normal',
  reason: 'Compiled',
  action: 'Compile',
  note: 'All rules compile',
  ...change,
});

interface Setting {
  readonly recorder: EventRecorder;
  readonly clock: FakeClock;
  readonly created: Event[];
  readonly patched: unknown[];
  readonly outcomes: string[];
  fail: Error | undefined;
  failPatch: Error | undefined;
}

function setUp(): Setting {
  const clock = newFakeClock();
  const created: Event[] = [];
  const outcomes: string[] = [];
  const stored = (event: Event): Stored<Event> =>
    eventsResource.narrow({ ...event, metadata: { ...event.metadata, uid: 'u', resourceVersion: '1' } });
  const events: EventRecorderOptions['events'] = {
    create: async (event) => {
      if (setting.fail !== undefined) {
        throw setting.fail;
      }
      created.push(event);
      return stored(event);
    },
    mergePatch: async ({ name }, patch) => {
      if (setting.failPatch !== undefined) {
        throw setting.failPatch;
      }
      setting.patched.push({ name, patch });
      const [first] = created;
      if (first === undefined) {
        throw new TypeError('Patched before it was created');
      }
      return stored(first);
    },
  };
  const setting: Setting = {
    clock,
    created,
    outcomes,
    patched: [],
    fail: undefined,
    failPatch: undefined,
    recorder: newEventRecorder({
      events,
      clock,
      reportingController: 'chaperone.dev/operator',
      reportingInstance: 'operator-0',
      logger: newLogger({ level: 'debug', stream: newLogLines().stream }),
      observe: (outcome) => outcomes.push(outcome),
    }),
  };
  return setting;
}

describe('an event', () => {
  test('has what events.k8s.io demands and names its object', async () => {
    const { recorder, created } = setUp();
    recorder.event(object('web', 'payments'), note());
    await settle();
    expect(created).toEqual([
      {
        metadata: { name: expect.stringMatching(/^web\.[0-9a-f]{16}$/) as unknown, namespace: 'payments' },
        eventTime: '2026-01-01T00:00:00.000000Z',
        type: 'Normal',
        reason: 'Compiled',
        action: 'Compile',
        note: 'All rules compile',
        reportingController: 'chaperone.dev/operator',
        reportingInstance: 'operator-0',
        regarding: {
          apiVersion: 'chaperone.dev/v1alpha1',
          kind: 'AgentPolicy',
          name: 'web',
          namespace: 'payments',
          uid: 'uid-of-web',
          resourceVersion: '7',
        },
      },
    ]);
  });

  test('about a cluster-scoped object lives in default', async () => {
    const { recorder, created } = setUp();
    recorder.event(object('web'), note());
    await settle();
    expect(created[0]?.metadata?.namespace).toBe('default');
    expect(created[0]?.regarding).not.toHaveProperty('namespace');
  });

  test.each<[string, string]>([
    ['ASCII', 'x'.repeat(5_000)],
    ['four bytes a character', '😀'.repeat(2_000)],
    ['three bytes a character', '語'.repeat(2_000)],
  ])('keeps its note below a kilobyte of %s, cut between characters', async (_what, long) => {
    const { recorder, created } = setUp();
    recorder.event(object('web'), note({ note: long }));
    await settle();
    const written = created[0]?.note ?? '';
    expect(Buffer.byteLength(written)).toBeLessThan(1024);
    expect(Buffer.byteLength(written)).toBeGreaterThan(900);
    expect(written.isWellFormed()).toBe(true);
    expect(written).not.toContain('\uFFFD');
  });

  test('about an object whose name no event may have gets one that it may', async () => {
    const { recorder, created } = setUp();
    recorder.event(object('system:controller:X-'), note());
    recorder.event(object(`${'a'.repeat(229)}-bcd`), note());
    await settle();
    expect(created.map(({ metadata }) => metadata?.name)).toEqual([
      expect.stringMatching(/^system-controller-x\.[0-9a-f]{16}$/),
      expect.stringMatching(/^a{229}\.[0-9a-f]{16}$/),
    ]);
  });
});

describe('repetition', () => {
  test('is counted in the series of the first, with one write per interval', async () => {
    const { recorder, clock, created, patched } = setUp();
    for (let count = 0; count < 100; count += 1) {
      recorder.event(object('web'), note());
      await clock.advance(100);
    }
    await clock.advance(30_000);
    expect(created).toHaveLength(1);
    expect(patched).toEqual([
      {
        name: created[0]?.metadata?.name,
        patch: { series: { count: 100, lastObservedTime: '2026-01-01T00:00:09.900000Z' } },
      },
    ]);
  });

  test('after a quiet time is an event of its own', async () => {
    const { recorder, clock, created } = setUp();
    recorder.event(object('web'), note());
    await clock.advance(360_000);
    recorder.event(object('web'), note());
    await settle();
    expect(created).toHaveLength(2);
  });

  test('of an event that the API server has dropped since makes it anew', async () => {
    const setting = setUp();
    const { recorder, clock, created } = setting;
    setting.failPatch = new ApiError(
      'x',
      summarizeStatus({ status: 404, body: { kind: 'Status', reason: 'NotFound' } }),
    );
    recorder.event(object('web'), note());
    recorder.event(object('web'), note());
    await clock.advance(30_000);
    expect(created).toHaveLength(2);
    expect(created[1]?.series?.count).toBe(2);
  });

  test('with other reasons floods neither: an object has its measure', async () => {
    const { recorder, clock, created, outcomes } = setUp();
    for (let count = 0; count < 1_000; count += 1) {
      recorder.event(object('web'), note({ reason: `Reason${count}` }));
      recorder.event(object('other'), note());
    }
    await settle();
    expect(created.filter(({ regarding }) => regarding?.name === 'web')).toHaveLength(25);
    expect(created.filter(({ regarding }) => regarding?.name === 'other')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'suppressed')).toHaveLength(975);
    await clock.advance(300_000);
    recorder.event(object('web'), note({ reason: 'Later' }));
    await settle();
    expect(created.at(-1)?.reason).toBe('Later');
  });
});

describe('an API server that refuses', () => {
  test('is not felt by whoever records, and the next event is tried', async () => {
    const setting = setUp();
    const { recorder, clock, created, outcomes } = setting;
    setting.fail = new Error('refused');
    recorder.event(object('a'), note());
    await settle();
    setting.fail = undefined;
    recorder.event(object('b'), note());
    await clock.advance(1_000);
    expect(created.map(({ regarding }) => regarding?.name)).toEqual(['b']);
    expect(outcomes).toEqual(['failed', 'written']);
  });

  test('for long lets only so many wait', async () => {
    const setting = setUp();
    setting.fail = new Error('refused');
    for (let count = 0; count < 3_000; count += 1) {
      setting.recorder.event(object(`o-${count}`), note());
    }
    await settle();
    expect(setting.outcomes.filter((outcome) => outcome === 'suppressed').length).toBeGreaterThan(1_990);
  });
});

describe('stopping', () => {
  test('writes what waits, series included, and takes nothing more', async () => {
    const { recorder, clock, created, patched } = setUp();
    recorder.event(object('a'), note());
    recorder.event(object('a'), note());
    await recorder.stop(5_000);
    recorder.event(object('late'), note());
    await settle();
    expect(created).toHaveLength(1);
    expect(patched).toHaveLength(1);
    expect(clock.pendingTimers()).toBe(0);
  });

  test('does not wait for ever', async () => {
    const setting = setUp();
    setting.fail = new Error('refused');
    for (let count = 0; count < 100; count += 1) {
      setting.recorder.event(object(`o-${count}`), note());
    }
    let stopped = false;
    const stopping = setting.recorder.stop(5_000).then(() => (stopped = true));
    await setting.clock.advance(5_000);
    await stopping;
    expect(stopped).toBe(true);
  });
});
