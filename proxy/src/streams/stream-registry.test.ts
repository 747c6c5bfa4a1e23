import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { BundlePolicy } from '@chaperone/crds/bundle/bundle';
import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import type { Namespace } from '@chaperone/crds/client/kinds';
import type { Stored } from '@chaperone/crds/client/kubernetes-object';
import { newFakeClock, settle, type FakeClock } from '@chaperone/test/faults/fake-clock';
import { approvalBy, compiled, deny, hold, rule } from '@chaperone/test/policy/builders';
import { agent, bundleOf, call, NOW } from '@chaperone/test/policy/calls';
import { describe, expect, test } from 'vitest';
import type { PermittedCall } from '../call/call.ts';
import { GatewayError } from '../gateway-error.ts';
import type { CompiledBundle } from '../policy/compiled-bundle.ts';
import { decide, settledInput } from '../policy/engine.ts';
import { known, type PolicyInput } from '../policy/policy-input.ts';
import { requestAttributes } from '../request/request-attributes.ts';
import { Rejection } from '../request/rejection.ts';
import { newStreamRegistry, type StreamEvent, type StreamRegistryOptions } from './stream-registry.ts';

const WATCH = 'GET /api/v1/namespaces/a/pods?watch=true';
const LOG = 'GET /api/v1/namespaces/a/pods/p/log?follow=true';
const EXEC = 'GET /api/v1/namespaces/a/pods/p/exec?command=sh';
const everything = rule('all', { verbs: ['*'], resources: ['pods', 'pods/log', 'pods/exec', 'namespaces'] });
const allowAll = compiled('allow', [everything]);
const stop = compiled('stop', [deny('stop', { verbs: ['*'], resources: ['*'] })]);

interface Given extends Partial<StreamRegistryOptions> {
  readonly policies?: readonly BundlePolicy[];
}

function start({ policies = [allowAll], ...changes }: Given = {}) {
  const clock = newFakeClock(NOW);
  const state: { bundle: CompiledBundle | undefined; staleness: number } = { bundle: bundleOf(policies), staleness: 0 };
  const namespaces = new Map<string, Stored<Namespace>>();
  const events: StreamEvent[] = [];
  const registry = newStreamRegistry({
    bundles: { current: () => state.bundle, stalenessMs: () => state.staleness },
    maxStalenessMs: 300_000,
    namespaces: { get: ({ name }) => namespaces.get(name) },
    maxDurationMs: 43_200_000,
    clock,
    observe: (event) => events.push(event),
    ...changes,
  });
  return {
    clock,
    state,
    registry,
    events,
    namespaces,
    /** Takes up other policies. */
    load: (next: readonly BundlePolicy[]): Promise<void> => {
      state.bundle = bundleOf(next);
      return registry.policiesChanged();
    },
    label: (name: string, labels: Readonly<Record<string, string>>): void => {
      namespaces.set(name, {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name, uid: `uid-of-${name}`, resourceVersion: '1', labels: { ...labels } },
      });
    },
  };
}

/** A call that these policies have let pass. */
function permitted(
  line: string,
  policies: readonly BundlePolicy[] = [allowAll],
  changes: Partial<PolicyInput> = {},
  expiresAt: number = agent.expiresAt,
): PermittedCall {
  const [method = '', target = ''] = line.split(' ');
  const attributes = requestAttributes({ method, target });
  if (attributes instanceof Rejection) throw attributes;
  const bundle = bundleOf(policies);
  const input = settledInput(call(line, changes));
  const decision = decide(bundle, input);
  if (decision.verdict !== 'Allow' && decision.verdict !== 'RequireApproval') throw new Error(decision.verdict);
  const { apiGroup, resource, subresource, namespace } = attributes;
  return {
    auditID: '',
    receivedAt: NOW,
    masking: bundle.masking.maskingOf({ apiGroup, resource, subresource, namespace, identity: agent }),
    origin: { clientAddress: '', clientCertificate: false },
    attributes,
    headers: {
      lines: new Map(),
      credentials: { kind: 'none' },
      impersonation: [],
      upgrade: undefined,
      webSocketProtocols: [],
      expectsContinue: false,
      contentType: undefined,
      declared: { userAgent: '', headers: new Map() },
    },
    body: {
      present: false,
      claim: () => undefined,
      read: () => Promise.reject(new Error('no body')),
      stream: () => {
        throw new Error('no body');
      },
      release: () => undefined,
    },
    signal: new AbortController().signal,
    identity: { ...agent, expiresAt },
    bundle,
    input,
    decision,
  };
}

/** Enters a stream, and tells what ended it. */
function enter(registry: ReturnType<typeof start>['registry'], entered: PermittedCall) {
  const ends: GatewayError[] = [];
  const leave = registry.enter(entered, (why) => ends.push(why));
  return { leave, codes: () => ends.map(({ code }) => code), message: () => ends[0]?.message };
}

function refusal(action: () => unknown): string {
  try {
    action();
    return 'none';
  } catch (error) {
    return error instanceof GatewayError ? error.code : String(error);
  }
}

describe('other policies', () => {
  test('end what they no longer allow, and name the rule', async () => {
    const { registry, load } = start();
    const streams = [WATCH, LOG, EXEC].map((line) => enter(registry, permitted(line)));
    await load([allowAll, stop]);
    expect(streams.map(({ codes }) => codes())).toEqual([['PolicyDenied'], ['PolicyDenied'], ['PolicyDenied']]);
    expect(streams[0]?.message()).toContain('rule "stop" of AgentPolicy "stop" denies it');
    expect(registry.count()).toBe(0);
  });

  test('leave what they still allow', async () => {
    const { registry, load } = start();
    const stream = enter(registry, permitted(WATCH));
    await load([allowAll, compiled('other', [deny('secrets', { resources: ['secrets'] })])]);
    expect(stream.codes()).toEqual([]);
    expect(registry.count()).toBe(1);
  });

  test('end what no rule allows any more', async () => {
    const { registry, load } = start();
    const stream = enter(registry, permitted(WATCH));
    await load([]);
    expect(stream.codes()).toEqual(['PolicyDenied']);
  });

  test('are judged by what was looked up for the call, and what was not matches a Deny', async () => {
    const selector: Partial<PolicyRule> = {
      objectSelector: { matchLabels: { tier: 'prod' } },
      verbs: ['*'],
      resources: ['pods/log'],
    };
    const denyProd = compiled('prod', [deny('prod', selector)]);
    const { registry, load } = start();
    const pod = (tier: string) => ({ parentObject: known({ metadata: { name: 'p', labels: { tier } } }) });
    const test_ = enter(registry, permitted(LOG, [allowAll], pod('test')));
    const prod = enter(registry, permitted(LOG, [allowAll], pod('prod')));
    const neverRead = enter(registry, permitted(LOG));
    await load([allowAll, denyProd]);
    expect([test_.codes(), prod.codes(), neverRead.codes()]).toEqual([[], ['PolicyDenied'], ['PolicyDenied']]);
  });

  test('that come while a stream is being set up refuse it', async () => {
    const { registry, load } = start();
    const late = permitted(WATCH);
    await load([allowAll, stop]);
    expect(refusal(() => enter(registry, late))).toBe('PolicyDenied');
    expect(registry.count()).toBe(0);
  });

  test('that are missing let no stream in', () => {
    const { registry, state } = start();
    state.bundle = undefined;
    expect(refusal(() => enter(registry, permitted(WATCH)))).toBe('BundleMissing');
  });

  test('that come one after the other are all applied, in slices that let other work run', async () => {
    let turns = 0;
    let slices: (() => void)[] = [];
    const { registry, state, events } = start({
      clock: tickingClock(),
      yieldToLoop: () =>
        new Promise((resolve) => {
          turns += 1;
          slices.push(resolve);
        }),
    });
    const streams = Array.from({ length: 50 }, () => enter(registry, permitted(WATCH)));
    const judged = registry.policiesChanged();
    await settle();
    expect(turns).toBe(1);
    expect(registry.count()).toBe(50);
    // The first have been found allowed; now they are not.
    state.bundle = bundleOf([allowAll, stop]);
    void registry.policiesChanged();
    while (slices.length > 0) {
      const ready = slices;
      slices = [];
      for (const resume of ready) resume();
      await settle();
    }
    await judged;
    expect(turns).toBeGreaterThan(10);
    expect(new Set(streams.flatMap(({ codes }) => codes()))).toEqual(new Set(['PolicyDenied']));
    expect(streams.every(({ codes }) => codes().length === 1)).toBe(true);
    expect(events.filter(({ type }) => type === 'Judged')).toHaveLength(2);
  });
});

/** Every look at it takes a millisecond. */
function tickingClock(): FakeClock {
  const clock = newFakeClock(NOW);
  let ticks = 0;
  return { ...clock, monotonic: () => (ticks += 1) };
}

describe('a stream that was approved', () => {
  const held = (name: string, group: string, generation = 1): BundlePolicy => ({
    ...compiled(name, [hold('ask', { verbs: ['create'], resources: ['pods/exec'], approval: approvalBy(group) })]),
    generation,
  });

  test.each<[string, readonly BundlePolicy[], string[]]>([
    ['stays where the same is required by a later generation', [held('gate', 'oncall', 2)], []],
    ['stays where nothing is required any more', [allowAll], []],
    ['ends where other reviewers are required', [held('gate', 'security')], ['ApprovalUnavailable']],
    ['ends where more is required', [held('gate', 'oncall'), held('more', 'oncall')], ['ApprovalUnavailable']],
    ['ends where it is denied', [held('gate', 'oncall'), stop], ['PolicyDenied']],
  ])('%s', async (_, next, codes) => {
    const { registry, load } = start({ policies: [held('gate', 'oncall')] });
    const stream = enter(registry, permitted(EXEC, [held('gate', 'oncall')]));
    await load(next);
    expect(stream.codes()).toEqual(codes);
  });

  test('is another than one that needed no approval', async () => {
    const { registry, load } = start();
    const stream = enter(registry, permitted(EXEC));
    await load([allowAll, held('gate', 'oncall')]);
    expect(stream.codes()).toEqual(['ApprovalUnavailable']);
  });
});

describe('time', () => {
  test('ends what a policy allowed that has lapsed, and not what another still allows', async () => {
    const until = (ms: number) => ({ expiresAt: new Date(NOW + ms).toISOString() });
    const policies = [
      compiled('short', [rule('pods', { verbs: ['watch'] })], until(60_000)),
      compiled('long', [rule('log', { verbs: ['*'], resources: ['pods/log'] })], until(3_600_000)),
    ];
    const { registry, clock } = start({ policies });
    const watch = enter(registry, permitted(WATCH, policies));
    const log = enter(registry, permitted(LOG, policies));
    await clock.advance(59_900);
    expect(watch.codes()).toEqual([]);
    await clock.advance(200);
    expect([watch.codes(), log.codes()]).toEqual([['PolicyDenied'], []]);
  });

  test('ends what is open when its token expires', async () => {
    const { registry, clock } = start();
    const stream = enter(registry, permitted(WATCH, [allowAll], {}, NOW + 10_000));
    await clock.advance(9_900);
    expect(stream.codes()).toEqual([]);
    await clock.advance(150);
    expect(stream.codes()).toEqual(['StreamTokenExpired']);
  });

  test('of an expired token lets no stream in', () => {
    const { registry } = start();
    expect(refusal(() => enter(registry, permitted(WATCH, [allowAll], {}, NOW)))).toBe('StreamTokenExpired');
  });

  test('that is set forward on the wall expires tokens within seconds', async () => {
    const { registry, clock } = start();
    const stream = enter(registry, permitted(WATCH, [allowAll], {}, NOW + 3_000_000));
    clock.jumpWallClock(3_600_000);
    await clock.advance(2_100);
    expect(stream.codes()).toEqual(['StreamTokenExpired']);
  });

  test('ends what has been open for the longest that is allowed', async () => {
    const { registry, clock } = start({ maxDurationMs: 60_000 });
    const first = enter(registry, permitted(WATCH));
    await clock.advance(30_000);
    const second = enter(registry, permitted(WATCH));
    await clock.advance(30_100);
    expect([first.codes(), second.codes()]).toEqual([['StreamTooLong'], []]);
  });

  test('without a word of the API server ends what nobody knows to be allowed', async () => {
    const { registry, clock, state } = start();
    const stream = enter(registry, permitted(WATCH));
    state.staleness = 300_001;
    await clock.advance(2_100);
    expect(stream.codes()).toEqual(['BundleStale']);
  });

  test('takes one timer, however many streams there are, and none without any', () => {
    const { registry, clock } = start();
    const streams = Array.from({ length: 100 }, (_, at) =>
      enter(registry, permitted(WATCH, [allowAll], {}, NOW + 1_000_000 - at * 1_000)),
    );
    expect(clock.pendingTimers()).toBe(1);
    for (const { leave } of streams) leave();
    expect([clock.pendingTimers(), registry.count()]).toEqual([0, 0]);
  });
});

describe('labels of a Namespace', () => {
  const selected = (action: 'Allow' | 'Deny', tier: string) =>
    compiled(`${action}-${tier}`.toLowerCase(), [
      rule('selected', { action, verbs: ['*'], namespaceSelector: { matchLabels: { tier } } }),
    ]);

  test('that change end what a Deny now selects, and nothing in other Namespaces', async () => {
    const policies = [allowAll, selected('Deny', 'prod')];
    const { registry, label } = start({ policies });
    label('a', { tier: 'test' });
    label('b', { tier: 'test' });
    const input = { namespaceObject: known({ metadata: { name: 'a', labels: { tier: 'test' } } }) };
    const inA = enter(registry, permitted(WATCH, policies, input));
    const inB = enter(registry, permitted(WATCH.replace('/a/', '/b/'), policies, input));
    label('a', { tier: 'prod' });
    await registry.namespaceChanged('a');
    expect([inA.codes(), inB.codes()]).toEqual([['PolicyDenied'], []]);
  });

  test('count as they were looked up where the watch has not seen the Namespace yet', () => {
    const policies = [selected('Allow', 'test')];
    const { registry } = start({ policies });
    const input = { namespaceObject: known({ metadata: { name: 'a', labels: { tier: 'test' } } }) };
    expect(refusal(() => enter(registry, permitted(WATCH, policies, input)))).toBe('none');
  });

  test('count as they are when the stream begins', () => {
    const policies = [selected('Allow', 'test')];
    const { registry, label } = start({ policies });
    const input = { namespaceObject: known({ metadata: { name: 'a', labels: { tier: 'test' } } }) };
    label('a', { tier: 'prod' });
    expect(refusal(() => enter(registry, permitted(WATCH, policies, input)))).toBe('PolicyDenied');
    label('a', { tier: 'test' });
    expect(refusal(() => enter(registry, permitted(WATCH, policies, input)))).toBe('none');
  });
});

describe('a drain', () => {
  test('ends streams one after the other, over no more than the time it has', async () => {
    const { registry, clock } = start();
    const streams = Array.from({ length: 1_000 }, () => enter(registry, permitted(WATCH)));
    const ended = (): number => streams.filter(({ codes }) => codes()[0] === 'Draining').length;
    const drained = registry.drain(2_000);
    await clock.advance(1_000);
    expect(ended()).toBeGreaterThan(450);
    expect(ended()).toBeLessThan(550);
    await clock.advance(1_020);
    await drained;
    expect(ended()).toBe(1_000);
  });

  test('takes no longer than few streams need', async () => {
    const { registry, clock } = start();
    const streams = [WATCH, LOG, EXEC].map((line) => enter(registry, permitted(line)));
    const drained = registry.drain(30_000);
    await clock.advance(40);
    await drained;
    expect(streams.flatMap(({ codes }) => codes())).toEqual(['Draining', 'Draining', 'Draining']);
  });

  test('lets none in, and waits for none that ends by itself', async () => {
    const { registry, clock } = start();
    const log = enter(registry, permitted('GET /api/v1/namespaces/a/pods/p/log'));
    const drained = registry.drain(1_000);
    await clock.advance(20);
    await drained;
    expect(log.codes()).toEqual([]);
    expect(refusal(() => enter(registry, permitted(WATCH)))).toBe('Draining');
  });
});

test('an end that throws keeps no other stream open', async () => {
  const { registry, load, events } = start();
  registry.enter(permitted(WATCH), () => {
    throw new Error('broken');
  });
  const other = enter(registry, permitted(WATCH));
  await load([]);
  expect(other.codes()).toEqual(['PolicyDenied']);
  expect(events).toContainEqual({ type: 'EndFailed', error: new Error('broken') });
});

test('streams are counted by kind, and leaving twice counts once', () => {
  const { registry } = start();
  const { leave } = enter(registry, permitted(WATCH));
  enter(registry, permitted(EXEC));
  expect([registry.countOf('watch'), registry.countOf('exec'), registry.count()]).toEqual([1, 1, 2]);
  leave();
  leave();
  expect([registry.countOf('watch'), registry.countOf('exec'), registry.count()]).toEqual([0, 1, 1]);
});

test('5,000 streams are judged by 200 rules without standing in the way of other work', async () => {
  const clock = { ...newFakeClock(NOW), monotonic: () => performance.now() };
  const { registry, load, events } = start({ clock });
  const others = Array.from({ length: 200 }, (_, at) =>
    compiled(`p${at}`, [deny('pods', { verbs: ['*'] })], { subjects: [{ kind: 'Group', name: `group-${at}` }] }),
  );
  const watch = permitted(WATCH);
  for (let at = 0; at < 5_000; at += 1) enter(registry, watch);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  const loaded = load([allowAll, ...others]);
  delay.enable();
  await loaded;
  delay.disable();
  expect(delay.percentile(99) / 1e6).toBeLessThan(100);
  expect(events).toContainEqual(expect.objectContaining({ type: 'Judged', streams: 5_000, ended: 0 }));
  expect(registry.count()).toBe(5_000);
});
