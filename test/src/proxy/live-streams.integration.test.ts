import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import type { Status } from '@chaperone/proxy/status';
import { protobufObject } from '@chaperone/proxy/streams/error-event';
import type { AgentPolicySpec } from '@chaperone/crds/v1alpha1/generated/api';
import { KubeConfig, Watch } from '@kubernetes/client-node';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { newGatewayClient, type GatewayClient } from './gateway-client.ts';
import { lastLoaded } from './last-loaded.ts';
import { startLogKubelet, type LogKubelet } from './log-kubelet.ts';
import { newStreamOpener, type OpenStream, type StreamOpener } from './open-stream.ts';

const gateway = inject('gateway');
const NAMESPACE = 'live-streams';
const WATCH = `/api/v1/namespaces/${NAMESPACE}/configmaps?watch=true`;
const USER = 'streams@example.com';
const GROUP = 'live-streams';

let client: GatewayClient;
let opener: StreamOpener;
let token: string;
const opened: OpenStream[] = [];

beforeAll(async () => {
  client = newGatewayClient(gateway);
  opener = newStreamOpener(gateway);
  token = await client.token({ user: USER, groups: ['agents', GROUP] });
  await administer(['create', 'namespace', NAMESPACE]);
  await administer(['create', 'configmap', 'first', `--namespace=${NAMESPACE}`, '--from-literal=a=1']);
  await client.applyPolicy('live-streams-allow', {
    mode: 'Enforce',
    subjects: [{ kind: 'Group', name: GROUP }],
    rules: [
      {
        name: 'read',
        action: 'Allow',
        verbs: ['get', 'list', 'watch'],
        apiGroups: [''],
        resources: ['configmaps', 'pods', 'pods/log'],
      },
      { name: 'discovery', action: 'Allow', verbs: ['get'], nonResourceURLs: ['/api', '/api/*', '/apis', '/apis/*'] },
    ],
  });
});

afterEach(async () => {
  for (const stream of opened.splice(0)) stream.close();
  await client.deletePolicy('live-streams-stop');
});

afterAll(async () => {
  await client.deletePolicy('live-streams-allow');
  await client.kubectl(['delete', 'namespace', NAMESPACE, '--wait=false']);
  await opener.close();
  await client.close();
});

/** Directly, as who administers the cluster. */
async function administer(args: readonly string[], input?: unknown): Promise<void> {
  expect(await client.kubectl(args, input)).toMatchObject({ code: 0 });
}

async function open(path: string, headers: Readonly<Record<string, string>> = {}, as = token): Promise<OpenStream> {
  const stream = await opener.open(path, as, headers);
  opened.push(stream);
  expect(stream.status).toBe(200);
  return stream;
}

const denies: AgentPolicySpec = {
  mode: 'Enforce',
  subjects: [{ kind: 'User', name: USER }],
  rules: [
    {
      name: 'stop',
      action: 'Deny',
      verbs: ['*'],
      apiGroups: [''],
      resources: ['configmaps', 'pods/log'],
      reason: 'Stopped for the test',
    },
  ],
};

const REFUSED = `configmaps is forbidden: User "${USER}" cannot watch resource "configmaps" in API group "" in the namespace "${NAMESPACE}": rule "stop" of AgentPolicy "live-streams-stop" (Stopped for the test) denies it`;

const escapeRegExp = (text: string): string => text.replaceAll(/[()[\]{}.*+?^$|\\/]/gu, String.raw`\$&`);

const hasBegun = (stream: OpenStream): Promise<void> =>
  vi.waitFor(() => expect(stream.bytes().length).toBeGreaterThan(0), { timeout: 5_000 });

/** A program that is running. */
function run(args: readonly string[]) {
  const child = spawn(join(gateway.binDirectory, 'kubectl'), [`--kubeconfig=${client.kubeconfigOf(token)}`, ...args]);
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return {
    output: () => output,
    errors: () => errors,
    end: once(child, 'close').then(([code]: unknown[]) => code),
    kill: () => child.kill(),
  };
}

describe('a Deny policy ends', () => {
  test('a watch in JSON between two events, with an event that says why, and a clean end', async () => {
    const stream = await open(WATCH);
    await hasBegun(stream);
    await client.applyPolicy('live-streams-stop', denies);
    expect(await stream.end).toMatchObject({ clean: true });
    const events = stream
      .text()
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(events.at(0)).toMatchObject({ type: 'ADDED' });
    expect(events.at(-1)).toEqual({
      type: 'ERROR',
      object: {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: REFUSED,
        reason: 'Forbidden',
        details: { kind: 'configmaps' },
        code: 403,
      },
    });
    expect(await client.call({ path: WATCH, token })).toMatchObject({ status: 403 });
  });

  test('kubectl get --watch, which shows the reason', async () => {
    const table = run(['get', 'configmaps', `--namespace=${NAMESPACE}`, '--watch']);
    const yaml = run(['get', 'configmaps', `--namespace=${NAMESPACE}`, '--watch', '--output=yaml']);
    await vi.waitFor(() => expect(table.output()).toContain('first'), { timeout: 10_000 });
    await vi.waitFor(() => expect(yaml.output()).toContain('name: first'), { timeout: 10_000 });
    await client.applyPolicy('live-streams-stop', denies);
    expect(await Promise.all([table.end, yaml.end])).toEqual([0, 0]);
    // As it shows what ends a watch without a gateway: the Status is the last object.
    expect(table.output()).toMatch(
      new RegExp(
        String.raw`first +1 +\S+\n[^]*STATUS +REASON +MESSAGE\nFailure +Forbidden +${escapeRegExp(REFUSED)}\n$`,
        'u',
      ),
    );
    expect(yaml.output()).toMatch(
      /name: first\n[^]*\n---\napiVersion: v1\ncode: 403\ndetails:\n {2}kind: configmaps\nkind: Status\n/u,
    );
  });

  test('a watch of client-node, which is told', async () => {
    const config = new KubeConfig();
    config.loadFromFile(client.kubeconfigOf(token));
    const seen: { type: string; object: unknown }[] = [];
    const done = new Promise<unknown>((resolve, reject) => {
      new Watch(config)
        .watch(
          `/api/v1/namespaces/${NAMESPACE}/configmaps`,
          {},
          (type: string, object: unknown) => seen.push({ type, object }),
          resolve,
        )
        .catch(reject);
    });
    await vi.waitFor(() => expect(seen).not.toEqual([]), { timeout: 10_000 });
    await client.applyPolicy('live-streams-stop', denies);
    await done;
    expect(seen.at(-1)).toMatchObject({ type: 'ERROR', object: { reason: 'Forbidden', code: 403, message: REFUSED } });
  });

  test('a watch in protobuf, with a frame', async () => {
    const stream = await open(WATCH, { accept: 'application/vnd.kubernetes.protobuf' });
    expect(stream.headers['content-type']).toBe('application/vnd.kubernetes.protobuf;stream=watch');
    await hasBegun(stream);
    await client.applyPolicy('live-streams-stop', denies);
    expect(await stream.end).toMatchObject({ clean: true });
    const frames = framesOf(stream.bytes());
    expect(frames.length).toBeGreaterThan(1);
    const last = frames.at(-1) ?? Buffer.alloc(0);
    expect(last.subarray(0, 7)).toEqual(Buffer.from('\n\u0005ERROR', 'latin1'));
    expect(last.includes(REFUSED)).toBe(true);
  });

  test('a watch of Tables', async () => {
    const stream = await open(WATCH, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    await hasBegun(stream);
    await client.applyPolicy('live-streams-stop', denies);
    expect(await stream.end).toMatchObject({ clean: true });
    expect(stream.text()).toContain('{"type":"ADDED","object":{"kind":"Table"');
    expect(stream.text().trimEnd().split('\n').at(-1)).toContain('{"type":"ERROR","object":{"kind":"Status"');
  });
});

describe('a followed log', () => {
  let kubelet: LogKubelet;

  beforeAll(async () => {
    kubelet = await startLogKubelet();
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'live-streams' } };
    await administer(['create', '--filename=-'], node);
    const status = {
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: kubelet.port } },
    };
    const patch = [`--patch=${JSON.stringify({ status })}`, '--subresource=status'];
    await administer(['patch', 'node', 'live-streams', ...patch]);
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'talks', namespace: NAMESPACE },
      spec: {
        nodeName: 'live-streams',
        containers: [{ name: 'main', image: 'none' }],
        automountServiceAccountToken: false,
        tolerations: [{ operator: 'Exists' }],
      },
    };
    await vi.waitFor(() => administer(['create', '--filename=-'], pod), { timeout: 10_000 });
  });

  afterAll(async () => {
    await client.kubectl(['delete', 'node', 'live-streams', '--wait=false']);
    await client.kubectl(['delete', 'pod', 'talks', `--namespace=${NAMESPACE}`, '--force', '--grace-period=0']);
    await kubelet.close();
  });

  const WORDS = `chaperone: the log ends here: pods "talks" is forbidden: User "${USER}" cannot get resource "pods/log" in API group "" in the namespace "${NAMESPACE}": rule "stop" of AgentPolicy "live-streams-stop" (Stopped for the test) denies it\n`;

  test('ends with a line that says why, and the kubelet stops sending', async () => {
    const stream = await open(`/api/v1/namespaces/${NAMESPACE}/pods/talks/log?follow=true`);
    const kubectl = run(['logs', '--follow', 'talks', `--namespace=${NAMESPACE}`]);
    await vi.waitFor(() => expect(kubelet.readers()).toBe(2), { timeout: 10_000 });
    kubelet.write('one\ntw');
    // kubectl shows whole lines.
    await vi.waitFor(() => expect([stream.text(), kubectl.output()]).toEqual(['one\ntw', 'one\n']));
    await client.applyPolicy('live-streams-stop', denies);
    expect(await stream.end).toMatchObject({ clean: true });
    expect(stream.text()).toBe(`one\ntw\n${WORDS}`);
    expect(await kubectl.end).toBe(0);
    expect(kubectl.output()).toBe(`one\ntw\n${WORDS}`);
    await vi.waitFor(() => expect(kubelet.readers()).toBe(0));
  });

  test('that has not begun is refused with 403', async () => {
    kubelet.answers(false);
    const call = client.call({ path: `/api/v1/namespaces/${NAMESPACE}/pods/talks/log?follow=true`, token });
    await vi.waitFor(() => expect(kubelet.readers()).toBe(1), { timeout: 10_000 });
    await client.applyPolicy('live-streams-stop', denies);
    const answer = await call;
    kubelet.answers(true);
    expect(answer).toMatchObject({ status: 403 });
    expect(answer.json()).toMatchObject({ kind: 'Status', reason: 'Forbidden' });
    await vi.waitFor(() => expect(kubelet.readers()).toBe(0), { timeout: 10_000 });
  });

  test('whose client does not read is cut off', async () => {
    const { port, host } = new URL(gateway.url);
    const socket = connect({ port: Number(port), host: '127.0.0.1', ca: readFileSync(gateway.caFile) });
    await once(socket, 'secureConnect');
    socket.pause();
    socket.write(
      `GET /api/v1/namespaces/${NAMESPACE}/pods/talks/log?follow=true HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    );
    await vi.waitFor(() => expect(kubelet.readers()).toBe(1), { timeout: 10_000 });
    // More than all buffers on the way hold.
    kubelet.write('one line of many\n'.repeat(2_000_000));
    await sleep(500);
    await client.applyPolicy('live-streams-stop', denies);
    await vi.waitFor(() => expect(kubelet.readers()).toBe(0), { timeout: 10_000 });
    await sleep(1_500);
    let tail = '';
    socket.on('data', (chunk: Buffer) => (tail = (tail + chunk.toString('latin1')).slice(-1_024)));
    socket.on('error', () => undefined);
    await once(socket.resume(), 'close');
    expect(tail).not.toContain('chaperone');
    expect(tail.endsWith('0\r\n\r\n')).toBe(false);
  });

  test('that is not followed is cut: what has come is not all there is', async () => {
    const stream = await open(`/api/v1/namespaces/${NAMESPACE}/pods/talks/log`);
    await vi.waitFor(() => expect(kubelet.readers()).toBe(1));
    // The API server flushes only logs that are followed.
    kubelet.write('one line of many\n'.repeat(10_000));
    await vi.waitFor(() => expect(stream.text()).toMatch(/^one line of many\n/u));
    await client.applyPolicy('live-streams-stop', denies);
    expect(await stream.end).toMatchObject({ clean: false });
    expect(stream.text()).not.toContain('chaperone');
  });
});

describe('a watch ends by itself', () => {
  test('when its token expires, with the 401 that has credential plugins fetch a new one', async () => {
    const short = await client.token({ user: USER, groups: ['agents', GROUP], expiresIn: 4 });
    const started = performance.now();
    const stream = await open(WATCH, {}, short);
    expect(await stream.end).toMatchObject({ clean: true });
    expect(performance.now() - started).toBeLessThan(5_000);
    const last: unknown = JSON.parse(stream.text().trimEnd().split('\n').at(-1) ?? '');
    expect(last).toMatchObject({ type: 'ERROR', object: { reason: 'Unauthorized', code: 401 } });
    expect(await client.call({ path: WATCH, token: short })).toMatchObject({ status: 401 });
  });

  test('when the policy that allowed it lapses', async () => {
    const group = 'live-streams-lapsing';
    const other = await client.token({ user: 'lapsing@example.com', groups: ['agents', group] });
    const expiresAt = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 4_000);
    await client.applyPolicy('live-streams-lapsing', {
      mode: 'Enforce',
      expiresAt: expiresAt.toISOString().replace('.000Z', 'Z'),
      subjects: [{ kind: 'Group', name: group }],
      rules: [{ name: 'read', action: 'Allow', verbs: ['watch'], apiGroups: [''], resources: ['configmaps'] }],
    });
    const stream = await open(WATCH, {}, other);
    const { at } = await stream.end;
    expect(Math.abs(performance.timeOrigin + at - expiresAt.getTime())).toBeLessThan(500);
    expect(stream.text()).toContain('no AgentPolicy allows it');
    await client.deletePolicy('live-streams-lapsing');
  });

  test('when the labels of its Namespace change', async () => {
    const group = 'live-streams-labels';
    const other = await client.token({ user: 'labels@example.com', groups: ['agents', group] });
    await client.applyPolicy('live-streams-labels', {
      mode: 'Enforce',
      subjects: [{ kind: 'Group', name: group }],
      rules: [
        {
          name: 'read',
          action: 'Allow',
          verbs: ['watch'],
          apiGroups: [''],
          resources: ['configmaps'],
          namespaceSelector: { matchExpressions: [{ key: 'closed', operator: 'DoesNotExist' }] },
        },
      ],
    });
    const stream = await open(WATCH, {}, other);
    await hasBegun(stream);
    expect(await client.kubectl(['label', 'namespace', NAMESPACE, 'closed=true'])).toMatchObject({ code: 0 });
    expect(await stream.end).toMatchObject({ clean: true });
    expect(stream.text()).toContain('no AgentPolicy allows it');
    expect(await client.kubectl(['label', 'namespace', NAMESPACE, 'closed-'])).toMatchObject({ code: 0 });
    await client.deletePolicy('live-streams-labels');
  });
});

describe('500 watches', () => {
  // Other processes of the machine are no fault of the gateway's: the best of some tries counts.
  test(
    'end within 1 s of the revision being loaded and within 3 s of kubectl apply',
    { retry: 2, timeout: 60_000 },
    async () => {
      const streams = await Promise.all(Array.from({ length: 500 }, () => open(WATCH)));
      await Promise.all(streams.map(hasBegun));
      const policy = {
        apiVersion: 'chaperone.dev/v1alpha1',
        kind: 'AgentPolicy',
        metadata: { name: 'live-streams-stop' },
        spec: denies,
      };
      const applied = performance.now();
      expect(await client.kubectl(['apply', '--filename=-'], policy)).toMatchObject({ code: 0 });
      const ends = await Promise.all(streams.map(({ end }) => end));
      expect(ends.every(({ clean }) => clean)).toBe(true);
      const last = Math.max(...ends.map(({ at }) => at));
      expect(last - applied).toBeLessThan(3_000);
      expect(last - lastLoaded(gateway)).toBeLessThan(1_000);
    },
  );
});

test('what the gateway says in protobuf is what the API server says, byte for byte', async () => {
  const missing = `/api/v1/namespaces/${NAMESPACE}/configmaps/missing`;
  const status: Status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'configmaps "missing" not found',
    reason: 'NotFound',
    details: { name: 'missing', kind: 'configmaps' },
    code: 404,
  };
  expect((await client.call({ path: missing, token })).json()).toEqual(status);
  const protobuf = await open404(missing);
  expect(protobufObject(status)).toEqual(protobuf);
});

async function open404(path: string): Promise<Buffer> {
  const stream = await opener.open(path, token, { accept: 'application/vnd.kubernetes.protobuf' });
  expect(await stream.end).toMatchObject({ clean: true });
  return stream.bytes();
}

function framesOf(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt32BE(at);
    frames.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return frames;
}
