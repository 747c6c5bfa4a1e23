import { publicKeyOf } from '@chaperone/crds/audit/signing-keys';
import { publicKeysIn } from '@chaperone/e2e/stack/signing-keys';
import { verify } from '@chaperone/proxy/audit/verify/verify';
import type { CallEvent } from '@chaperone/proxy/audit/record/audit-event';
import type { AuditLevel } from '@chaperone/crds/v1alpha1/agentpolicy';
import type { PolicyRule } from '@chaperone/crds/v1alpha1/generated/api';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { newGatewayClient, type CallRequest, type GatewayClient } from '../proxy/gateway-client.ts';
import { callEvents, readLog } from './gateway-records.ts';

const context = inject('gateway');
const GROUP = 'record-keepers';
const NAMESPACE = 'records';
let client: GatewayClient;
let token: string;

beforeAll(async () => {
  client = newGatewayClient(context);
  token = await client.token({
    user: 'recorded@example.com',
    groups: ['agents', GROUP],
    claims: [
      ['run', 'run-7'],
      ['model', 'model-1'],
    ],
  });
  await client.kubectl(['create', 'namespace', NAMESPACE]);
  await client.applyPolicy(GROUP, {
    mode: 'Enforce',
    subjects: [{ kind: 'Group', name: GROUP }],
    rules: [
      rule('all', ['*'], ['configmaps', 'secrets']),
      rule('quiet', ['get'], ['services'], 'None'),
      rule('sparse', ['get', 'list'], ['endpoints'], 'Metadata'),
      rule('token', ['create'], ['serviceaccounts/token']),
    ],
  });
});

afterAll(async () => {
  await client.deletePolicy(GROUP);
  await client.kubectl(['delete', 'namespace', NAMESPACE, '--wait=false']);
  await client.close();
});

const rule = (
  name: string,
  verbs: PolicyRule['verbs'],
  resources: [string, ...string[]],
  auditLevel?: AuditLevel,
): PolicyRule => ({
  name,
  action: 'Allow',
  verbs,
  apiGroups: [''],
  resources,
  ...(auditLevel === undefined ? {} : { auditLevel }),
});

const objects = (resource: string, name = ''): string =>
  `/api/v1/namespaces/${NAMESPACE}/${resource}${name === '' ? '' : `/${name}`}`;

/** Makes a call and waits for its record. */
const recorded = (call: CallRequest): Promise<Recorded> => recordedOf({ token, ...call });

interface Recorded {
  readonly status: number;
  readonly event: CallEvent;
}

async function recordedOf(call: CallRequest): Promise<Recorded> {
  const answer = await client.call(call);
  const auditID = answer.headers['audit-id'];
  return { status: answer.status, event: await recordOf(String(auditID)) };
}

async function recordOf(auditID: string): Promise<CallEvent> {
  const found = async (): Promise<readonly CallEvent[]> =>
    callEvents(await readLog(context)).filter((event) => event.auditID === auditID);
  await expect.poll(found).toHaveLength(1);
  const [event] = await found();
  if (event === undefined) throw new Error('the record has gone');
  return event;
}

describe('the record of a call', () => {
  test('says who did what, by which rule, and what came of it', async () => {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'note-' }, data: { big: '1' } };
    const { status, event } = await recorded({ method: 'POST', path: objects('configmaps'), body });
    expect(status).toBe(201);
    expect(event).toMatchObject({
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'RequestResponse',
      stage: 'ResponseComplete',
      requestURI: objects('configmaps'),
      verb: 'create',
      user: { username: 'recorded@example.com', groups: ['agents', GROUP, 'system:authenticated'] },
      sourceIPs: ['127.0.0.1'],
      objectRef: { resource: 'configmaps', namespace: NAMESPACE, apiVersion: 'v1' },
      responseStatus: { code: 201 },
      annotations: {
        'authorization.k8s.io/decision': 'allow',
        'authorization.k8s.io/reason': `AgentPolicy ${GROUP}, rule all`,
      },
      chaperone: {
        method: 'POST',
        outcome: 'Answered',
        policy: { verdict: 'Allow', name: GROUP, rule: 'all' },
        run: { run: 'run-7', model: 'model-1' },
        gateway: { version: '0.1.0' },
      },
      requestObject: body,
    });
    // The name that the API server gave it.
    expect(event.objectRef?.name).toMatch(/^note-/);
    expect(event.responseObject).toMatchObject({ metadata: { name: event.objectRef?.name } });
  });

  test('keeps numbers as they were sent, beyond what a double can hold', async () => {
    const text = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"numbers","generation":9007199254740993}}`;
    const answer = await client.call({
      token,
      method: 'POST',
      path: objects('configmaps'),
      headers: { 'content-type': 'application/json' },
      body: text,
    });
    await recordOf(String(answer.headers['audit-id']));
    const { records } = await readLog(context);
    const own = records.filter(({ auditID }) => auditID === answer.headers['audit-id']);
    expect(own.map(({ original }) => original).join('')).toContain(`"requestObject":${text}`);
  });

  test('of a Secret holds no value of it, in the request or in the answer', async () => {
    const value = 'swordfish-and-chips';
    const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'safe' }, stringData: { password: value } };
    const { event } = await recorded({ method: 'POST', path: objects('secrets'), body });
    const text = JSON.stringify(event);
    expect(text).not.toContain(value);
    expect(text).not.toContain(Buffer.from(value).toString('base64'));
    expect(event.requestObject).toMatchObject({ stringData: { password: '[MASKED:secret]' } });
    expect(event.responseObject).toMatchObject({ data: { password: '[MASKED:secret]' } });
    expect(event.chaperone.masking).toMatchObject({ secret: 2 });
  });

  test('of a denial names what denied it, and is there though nothing was sent', async () => {
    const { status, event } = await recorded({ path: objects('pods') });
    expect(status).toBe(403);
    expect(event).toMatchObject({
      responseStatus: { code: 403, reason: 'Forbidden' },
      annotations: { 'authorization.k8s.io/decision': 'forbid', 'chaperone.dev/decision-source': 'policy' },
      chaperone: { outcome: 'Refused', refusal: 'PolicyDenied', policy: { verdict: 'Deny', cause: 'NoRule' } },
    });
  });

  test('of a failed login has no name in it, and no part of the token', async () => {
    const bad = `${token.slice(0, -6)}AAAAAA`;
    const { status, event } = await recorded({ path: objects('pods'), token: bad });
    expect(status).toBe(401);
    expect(event.user).toEqual({});
    expect(event.annotations).toEqual({});
    expect(event.chaperone).toMatchObject({ outcome: 'Refused', refusal: 'SignatureInvalid' });
    expect(JSON.stringify(event)).not.toContain(bad.slice(-30));
  });

  test('of a caller without credentials says that it is anonymous, and of a malformed request what it was', async () => {
    const anonymous = await recordedOf({ path: objects('pods') });
    expect(anonymous.event.user).toMatchObject({ username: 'system:anonymous' });
    expect(anonymous.event.level).toBe('Request');
    const malformed = await recorded({ path: '/api/v1/namespaces/a%2Fb/pods' });
    expect(malformed.status).toBe(400);
    expect(malformed.event).toMatchObject({
      requestURI: '/api/v1/namespaces/a%2Fb/pods',
      chaperone: { outcome: 'Refused', refusal: 'PathSegmentSeparator' },
    });
  });

  test('is as detailed as the rule says: metadata alone, or none at all', async () => {
    const { event } = await recorded({ path: objects('endpoints') });
    expect(event.level).toBe('Metadata');
    expect(event).not.toHaveProperty('responseObject');
    const silent = await client.call({ token, path: objects('services', 'none') });
    expect(silent.status).toBe(404);
    const later = await recorded({ path: objects('endpoints') });
    expect(later.status).toBe(200);
    const events = callEvents(await readLog(context));
    expect(events.filter(({ auditID }) => auditID === silent.headers['audit-id'])).toEqual([]);
  });

  test('of a watch is there when it begins, and tells its events when it ends', async () => {
    const path = `${objects('configmaps')}?watch=true&timeoutSeconds=1`;
    const answer = await client.call({ token, path });
    const auditID = String(answer.headers['audit-id']);
    await expect
      .poll(async () =>
        callEvents(await readLog(context))
          .filter((event) => event.auditID === auditID)
          .map(({ stage }) => stage),
      )
      .toEqual(['ResponseStarted', 'ResponseComplete']);
    const complete = callEvents(await readLog(context)).findLast((event) => event.auditID === auditID);
    expect(complete?.chaperone.response?.text).toContain('"type":"ADDED"');
  });
});

test('all of it is one chain that proves itself', async () => {
  const { records, checkpoints } = await readLog(context);
  const keys = publicKeysIn(context.signingKeyDirectory).flatMap((key) => publicKeyOf(key) ?? []);
  expect(keys).toHaveLength(1);
  const findings = [];
  for await (const finding of verify({
    records,
    checkpoints: checkpoints.map(({ text }): unknown => JSON.parse(text)),
    keys,
  }))
    findings.push(finding);
  expect(findings).toEqual([]);
  expect(records.length).toBeGreaterThan(5);
});
