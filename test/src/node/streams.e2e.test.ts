import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { on, once } from 'node:events';
import type { RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { WebSocket } from 'ws';
import { waitForLine } from '../streams/stream-lines.ts';
import type { Kubectl } from './kubectl.ts';
import { newTestNamespace, succeed, type TestNamespace } from './test-namespace.ts';

const SERVE = 'mkdir /www && head -c 3000000 /dev/urandom > /www/random && exec httpd -f -p 8080 -h /www';
const TICK = 'i=0; while true; do echo tick $i; i=$((i+1)); sleep 0.2; done';

let namespace: TestNamespace;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'chaperone-streams-'));
  namespace = await newTestNamespace('streams');
  await Promise.all([
    namespace.runPod('shell', ['sleep', '100000']),
    namespace.runPod('web', ['sh', '-c', SERVE]),
    namespace.runPod('ticker', ['sh', '-c', TICK]),
  ]);
});

afterAll(async () => {
  await namespace.remove();
  rmSync(directory, { recursive: true, force: true });
});

const protocols = [
  { protocol: 'WebSocket', websockets: 'true', verb: 'GET' },
  { protocol: 'SPDY', websockets: 'false', verb: 'POST' },
];

describe.each(protocols)('over $protocol', ({ protocol, websockets, verb }) => {
  let kubectl: Kubectl;
  beforeAll(() => {
    kubectl = namespace.kubectlWith({
      KUBECTL_REMOTE_COMMAND_WEBSOCKETS: websockets,
      KUBECTL_PORT_FORWARD_WEBSOCKETS: websockets,
    });
  });

  test('exec without a terminal keeps output and errors apart and passes the exit code on', async () => {
    const result = await kubectl.run(['exec', 'shell', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7']);
    expect(result).toMatchObject({ code: 7, stdout: 'out\n', upgrades: [`${verb} exec`] });
    expect(result.stderr).toBe('err\ncommand terminated with exit code 7\n');
  });

  test('exec passes standard input on, byte by byte, to its end', async () => {
    const input = randomBytes(3_000_000);
    const result = await kubectl.run(['exec', '--stdin', 'shell', '--', 'sha256sum'], input);
    const digest = createHash('sha256').update(input).digest('hex');
    expect(result).toMatchObject({ code: 0, stdout: `${digest}  -\n`, upgrades: [`${verb} exec`] });
  });

  test('exec on a terminal has one, of the right size, and passes the exit code on', async () => {
    // The size comes by a message of its own, which may arrive after the command has started.
    const script = 'until [ "$(stty size)" = "33 77" ]; do sleep 0.1; done; tty; exit 5';
    const result = await kubectl.runOnTerminal(['exec', '--stdin', '--tty', 'shell', '--', 'sh', '-c', script]);
    expect(result).toMatchObject({ code: 5, upgrades: [`${verb} exec`] });
    expect(result.stdout).toContain('/dev/pts/');
  });

  test('exec on a terminal answers what is typed', async () => {
    const script = 'read line; echo "<$line>" | tr a-z A-Z';
    const result = await kubectl.runOnTerminal(['exec', '-it', 'shell', '--', 'sh', '-c', script], 'typed\n');
    expect(result).toMatchObject({ code: 0, upgrades: [`${verb} exec`] });
    expect(result.stdout).toContain('<TYPED>');
  });

  test('attach follows a running container', async () => {
    const child = kubectl.start(['attach', 'ticker']);
    try {
      const upgraded = waitForLine(child.stderr, new RegExp(`verb="${verb}" url="[^"]*/attach[^"]*" status="101 `));
      await expect(waitForLine(child.stdout, /^tick \d+$/)).resolves.toBeDefined();
      await expect(upgraded).resolves.toBeDefined();
    } finally {
      child.kill();
    }
  });

  test('cp copies a folder there and back unchanged', async () => {
    const source = join(directory, `${protocol}-source`);
    const copy = join(directory, `${protocol}-copy`);
    mkdirSync(join(source, 'deeper'), { recursive: true });
    writeFileSync(join(source, 'text'), 'one\n');
    writeFileSync(join(source, 'deeper', 'bytes'), randomBytes(1_000_000));
    const there = await kubectl.run(['cp', source, `shell:/tmp/${protocol}`]);
    const back = await kubectl.run(['cp', `shell:/tmp/${protocol}`, copy]);
    expect([there.code, back.code]).toEqual([0, 0]);
    expect(new Set([...there.upgrades, ...back.upgrades])).toEqual(new Set([`${verb} exec`]));
    for (const name of ['text', 'deeper/bytes']) {
      expect(readFileSync(join(copy, name)).equals(readFileSync(join(source, name)))).toBe(true);
    }
  });

  test('port-forward carries several connections, whole', async () => {
    const expected = (await succeed(kubectl, ['exec', 'web', '--', 'sha256sum', '/www/random'])).split(' ')[0];
    const child = kubectl.start(['port-forward', '--address=127.0.0.1', 'pod/web', ':8080']);
    try {
      const upgraded = waitForLine(child.stderr, new RegExp(`verb="${verb}" url="[^"]*/portforward" status="101 `));
      const [, port] = await waitForLine(child.stdout, /^Forwarding from 127\.0\.0\.1:(\d+) -> 8080$/);
      await upgraded;
      const digests = await Promise.all(
        [1, 2, 3].map(async () => {
          const response = await fetch(`http://127.0.0.1:${port}/random`);
          return createHash('sha256')
            .update(Buffer.from(await response.arrayBuffer()))
            .digest('hex');
        }),
      );
      expect(digests).toEqual([expected, expected, expected]);
    } finally {
      child.kill();
    }
  });
});

describe('logs', () => {
  test('follow a container as it writes', async () => {
    const child = namespace.kubectl.start(['logs', '--follow', '--tail=1', 'ticker']);
    try {
      const [, first] = await waitForLine(child.stdout, /^tick (\d+)$/);
      const later = waitForLine(child.stdout, new RegExp(`^tick ${Number(first) + 5}$`));
      await expect(later).resolves.toBeDefined();
    } finally {
      child.kill();
    }
  });

  test('follow it over a WebSocket too, as dashboards do', async () => {
    // SPDY has no part in logs: the API server offers them as a plain answer or as a WebSocket.
    const socket = await openLogSocket(namespace.name, 'ticker');
    try {
      const lines: string[] = [];
      for await (const [message] of on(socket, 'message', { close: ['close'] })) {
        lines.push(...String(message).split('\n').filter(Boolean));
        if (lines.length >= 5) break;
      }
      expect(lines.slice(0, 5)).toEqual(lines.slice(0, 5).map((_, index) => `tick ${index}`));
    } finally {
      socket.terminate();
    }
  });
});

/** Follows the logs of a pod from its start; each message is a piece of the log, as bytes. */
async function openLogSocket(namespaceName: string, pod: string): Promise<WebSocket> {
  const config = new KubeConfig();
  config.loadFromFile(inject('adminKubeconfig'));
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const url = new URL(
    `/api/v1/namespaces/${namespaceName}/pods/${pod}/log?follow=true`,
    config.getCurrentCluster()?.server.replace(/^http/, 'ws'),
  );
  const socket = new WebSocket(url, 'binary.k8s.io', { ca: options.ca, cert: options.cert, key: options.key });
  await once(socket, 'open');
  return socket;
}
