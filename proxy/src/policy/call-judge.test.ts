import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import { compiled, deny, rule } from '@chaperone/test/policy/builders';
import { agent, bundleOf, NOW, verdictOf } from '@chaperone/test/policy/calls';
import { newFakeClock } from '@chaperone/test/faults/fake-clock';
import { describe, expect, test } from 'vitest';
import type { AuthenticatedCall } from '../call/call.ts';
import { newObjectLookup } from '../effective/object-lookup.ts';
import type { SideAnswer } from '../effective/object-answer.ts';
import { GatewayError } from '../gateway-error.ts';
import { inboundHeaders } from '../request/inbound-headers.ts';
import { Rejection } from '../request/rejection.ts';
import { requestAttributes } from '../request/request-attributes.ts';
import { newCallJudge } from './call-judge.ts';
import { ABSENT, known } from './policy-input.ts';

const BASE = '/api/v1/namespaces/payments/pods';

interface Given {
  readonly rules: readonly PolicyRule[];
  readonly dry?: readonly PolicyRule[];
  readonly headers?: readonly string[];
  readonly body?: string;
  /** What the API server answers, by `GET target`; anything else is 404 for an object. */
  readonly answers?: Readonly<Record<string, SideAnswer | Error>>;
}

const shown = (labels: object, status = 200): SideAnswer => ({
  status,
  body: Buffer.from(JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', labels } })),
});
const missing: SideAnswer = {
  status: 404,
  body: Buffer.from('{"kind":"Status","apiVersion":"v1","reason":"NotFound","details":{"name":"p"}}'),
};

/** Judges a call as the chain does; `asked` is what the API server was asked on the way. */
async function judged(line: string, { rules, dry = [], headers = [], body = '', answers = {} }: Given) {
  const asked: string[] = [];
  const judge = newCallJudge({
    bundles: {
      current: () => bundleOf([compiled('p', rules), compiled('q', dry, { mode: 'DryRun' })]),
      stalenessMs: () => 0,
    },
    lookUpObjects: newObjectLookup({
      sideCall: async (_, { method, target }) => {
        asked.push(`${method} ${target}`);
        const answer = answers[`${method} ${target}`] ?? missing;
        if (answer instanceof Error) throw answer;
        return answer;
      },
      catalog: { knowsDryRun: async ({ resource }) => resource === 'pods' },
      lookUpNamespace: async ({ namespace }) =>
        namespace === 'payments' ? known({ metadata: { labels: { tier: 'prod' } } }) : ABSENT,
    }),
    catalog: { knownScope: () => undefined, scopeOf: async () => undefined },
    clock: newFakeClock(NOW),
    allowSelfAdministration: false,
    maxStalenessMs: 1_000,
  });
  const [method = '', target = ''] = line.split(' ');
  const attributes = requestAttributes({ method, target });
  const inbound = inboundHeaders(headers);
  if (attributes instanceof Rejection) throw attributes;
  if (inbound instanceof Rejection) throw inbound;
  const bytes = Buffer.from(body);
  const call: AuthenticatedCall = {
    auditID: 'a',
    receivedAt: NOW,
    origin: { clientAddress: '192.0.2.1', clientCertificate: false },
    attributes,
    headers: inbound,
    body: {
      present: bytes.length > 0,
      claim: () => undefined,
      read: async () => bytes,
      stream: () => {
        throw new Error('not to be streamed');
      },
      release: () => undefined,
    },
    signal: new AbortController().signal,
    identity: agent,
  };
  const first = await judge.judgeRequestLine(call);
  const askedBefore = asked.length;
  if (first.decision.verdict === 'Deny') return { ...first, verdict: verdictOf(first.decision), asked, askedBefore };
  const last = await judge.judgeObjects(first);
  return { ...last, verdict: verdictOf(last.decision), asked, askedBefore };
}

const every: Partial<PolicyRule> = { verbs: ['*'] };
const red = { objectSelector: { matchLabels: { team: 'red' } } };

describe('what is looked up', () => {
  const cases: Readonly<Record<string, readonly [line: string, Given, verdict: string, asked: readonly string[]]>> = {
    'nothing that no rule looks at': [`PUT ${BASE}/p`, { rules: [rule('a', every)] }, 'Allow p/a', []],
    'nothing for a call that is refused anyway': [
      `PUT ${BASE}/p`,
      { rules: [deny('d', { ...every, ...red })] },
      'Deny NoRule',
      [],
    ],
    'a Namespace, without a call': [
      `GET ${BASE}/p`,
      { rules: [rule('a', { ...every, namespaceSelector: { matchLabels: { tier: 'prod' } } })] },
      'Allow p/a',
      [],
    ],
    'what is read': [
      `GET ${BASE}/p`,
      {
        rules: [rule('a', every), deny('d', { ...every, ...red })],
        answers: { [`GET ${BASE}/p`]: shown({ team: 'red' }) },
      },
      'Deny p/d',
      [`GET ${BASE}/p`],
    ],
    'the old object first, which may be enough': [
      `PATCH ${BASE}/p`,
      {
        rules: [rule('a', every), deny('d', { ...every, ...red })],
        answers: { [`GET ${BASE}/p`]: shown({ team: 'red' }) },
      },
      'Deny p/d',
      [`GET ${BASE}/p`],
    ],
    'and then the new one': [
      `PATCH ${BASE}/p?fieldManager=m`,
      {
        rules: [rule('a', every), deny('d', { ...every, ...red })],
        answers: {
          [`GET ${BASE}/p`]: shown({}),
          [`PATCH ${BASE}/p?fieldManager=m&dryRun=All`]: shown({ team: 'blue' }),
        },
      },
      'Allow p/a',
      [`GET ${BASE}/p`, `PATCH ${BASE}/p?fieldManager=m&dryRun=All`],
    ],
    'the Pod of an exec, and never the exec': [
      `GET ${BASE}/p/exec?command=id`,
      {
        rules: [rule('a', { verbs: ['create'], resources: ['pods/exec'], ...red })],
        answers: { [`GET ${BASE}/p`]: shown({ team: 'red' }) },
      },
      'Allow p/a',
      [`GET ${BASE}/p`],
    ],
    'no dry run where none is known': [
      'POST /api/v1/namespaces/payments/services',
      { rules: [rule('a', { ...every, resources: ['services'], ...red })] },
      'Deny NoRule',
      [],
    ],
    'no dry run of an eviction': [
      `POST ${BASE}/p/eviction`,
      {
        rules: [
          rule('a', { ...every, resources: ['pods/eviction'] }),
          deny('d', {
            ...every,
            resources: ['pods/eviction'],
            conditions: [{ name: 'c', expression: "object.kind == 'X'" }],
          }),
        ],
      },
      'Deny p/d',
      [],
    ],
    'for a DryRun policy as well, which changes nothing': [
      `DELETE ${BASE}/p`,
      {
        rules: [rule('a', every)],
        dry: [deny('d', { ...every, ...red })],
        answers: { [`GET ${BASE}/p`]: shown({ team: 'red' }) },
      },
      'Allow p/a',
      [`GET ${BASE}/p`],
    ],
  };
  test.each(Object.entries(cases))('%s', async (_, [line, given, verdict, asked]) => {
    const result = await judged(line, given);
    expect(result).toMatchObject({ verdict, asked, askedBefore: 0 });
  });
});

describe('an API server that does not answer', () => {
  const rules = [rule('a', every), deny('d', { ...every, ...red })];
  const answers = { [`GET ${BASE}/p`]: new GatewayError('UpstreamTimeout') };

  test('fails the call that needs its answer', async () => {
    await expect(judged(`DELETE ${BASE}/p`, { rules, answers })).rejects.toMatchObject({ code: 'UpstreamTimeout' });
  });

  test('fails no call for a DryRun policy, of which it is then not known what it would have done', async () => {
    const result = await judged(`DELETE ${BASE}/p`, {
      rules: [rule('a', every)],
      dry: [deny('d', { ...every, ...red })],
      answers,
    });
    expect(result.decision).toMatchObject({
      verdict: 'Allow',
      dryRun: { verdict: 'Deny', winner: { rule: 'd', unknown: ['objectSelector'] } },
    });
  });
});

test('what the API server said of an object that it did not show goes to the caller', async () => {
  const body = Buffer.from('{"kind":"Status","apiVersion":"v1","message":"pods \\"p\\" is forbidden"}');
  const result = await judged(`DELETE ${BASE}/p`, {
    rules: [rule('a', { ...every, ...red })],
    answers: { [`GET ${BASE}/p`]: { status: 403, body } },
  });
  expect(result).toMatchObject({ verdict: 'Deny NoRule', decision: { lookupRefusal: 'pods "p" is forbidden' } });
});

describe('the input', () => {
  const rules = [rule('a', every)];

  test('has the options of the body of a delete in place of those of its query', async () => {
    const { input } = await judged(`DELETE ${BASE}/p?dryRun=All`, { rules, body: '{"gracePeriodSeconds":0}' });
    expect(input).toMatchObject({ dryRun: false, options: { gracePeriodSeconds: 0 } });
    expect(input.options).not.toHaveProperty('dryRun');
  });

  test('has the options of the query where the body is empty', async () => {
    expect((await judged(`DELETE ${BASE}/p?dryRun=All`, { rules })).input.dryRun).toBe(true);
  });

  test.each([
    ['application/apply-patch+yaml', true],
    ['Application/Apply-Patch+CBOR; charset=utf-8', true],
    ['application/merge-patch+json', false],
    ['application/json', false],
  ])('says whether a patch is an apply: %s', async (type, apply) => {
    expect((await judged(`PATCH ${BASE}/p`, { rules, headers: ['Content-Type', type] })).input.apply).toBe(apply);
  });

  test.each([
    ['a body of DeleteOptions that cannot be read', `DELETE ${BASE}/p`, '{', 'BodyUnreadable'],
    ['an option that does not decode', `GET ${BASE}?limit=x`, '', 'ParameterInvalid'],
  ])('is not made of %s', async (_, line, body, code) => {
    await expect(judged(line, { rules, body })).rejects.toMatchObject({ code });
  });
});
