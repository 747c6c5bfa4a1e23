import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { Exec, KubeConfig, PortForward, type V1Status } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { WebSocket } from 'ws';
import { newStreamsScene, type StreamsScene } from './streams-scene.ts';

const context = inject('gateway');
const ca = readFileSync(context.caFile);

let scene: StreamsScene;
beforeAll(async () => {
  scene = await newStreamsScene('streams-clients');
});
afterAll(() => scene.remove());

const path = (rest: string): string => `/api/v1/namespaces/${scene.namespace.name}/pods/${rest}`;
const execPath = (script: string, more = ''): string =>
  path(
    `shell/exec?container=main&stdout=true&stderr=true${more}${['sh', '-c', script].map((word) => `&command=${encodeURIComponent(word)}`).join('')}`,
  );

interface Session {
  readonly socket: WebSocket;
  /** Messages so far. */
  readonly messages: Buffer[];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

/** @throws the status and body of an answer that is no upgrade. */
async function open(
  target: string,
  protocols: readonly string[],
  headers: Readonly<Record<string, string>> = { authorization: `Bearer ${scene.token}` },
): Promise<Session> {
  const socket = new WebSocket(`${context.url.replace(/^http/, 'ws')}${target}`, [...protocols], { ca, headers });
  const messages: Buffer[] = [];
  socket.on('message', (data: Buffer) => messages.push(Buffer.from(data)));
  const closed = once(socket, 'close').then(([code, reason]) => ({ code: Number(code), reason: String(reason) }));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const { statusCode, headers: answered } = response;
        reject(
          Object.assign(new Error(`refused: ${Buffer.concat(chunks).toString()}`), {
            statusCode,
            headers: answered,
            status: JSON.parse(Buffer.concat(chunks).toString()) as unknown,
          }),
        );
      });
    });
  });
  return { socket, messages, closed };
}

const channel = (messages: readonly Buffer[], number: number): string =>
  Buffer.concat(messages.filter(([first]) => first === number).map((message) => message.subarray(1))).toString();

describe('a WebSocket client', () => {
  test.each(['v5.channel.k8s.io', 'v4.channel.k8s.io', 'channel.k8s.io'])(
    'of %s types and gets its output',
    async (protocol) => {
      const { socket, messages, closed } = await open(execPath('read a; echo "<$a>"; sleep 0.3', '&stdin=true'), [
        protocol,
      ]);
      expect(socket.protocol).toBe(protocol);
      socket.send(Buffer.from('\0typed\n'));
      await closed;
      expect(channel(messages, 1)).toBe('<typed>\n');
      // Before v4 an error is plain text, and success is silence.
      expect(channel(messages, 3)).toBe(
        protocol.startsWith('v') ? JSON.stringify({ metadata: {}, status: 'Success' }) : '',
      );
    },
  );

  test('that offers no subprotocol is served as by the API server', async () => {
    const { socket, messages, closed } = await open(execPath('echo out; sleep 0.3'), []);
    await closed;
    expect(socket.protocol).toBe('');
    expect(channel(messages, 1)).toBe('out\n');
  });

  test('of base64 types and gets its output', async () => {
    const { messages, closed, socket } = await open(execPath('read a; echo "<$a>"; sleep 0.3', '&stdin=true'), [
      'v4.base64.channel.k8s.io',
    ]);
    socket.send(`0${Buffer.from('typed\n').toString('base64')}`);
    await closed;
    const output = messages.map(String).filter((message) => message.startsWith('1'));
    expect(Buffer.from(output.map((message) => message.slice(1)).join(''), 'base64').toString()).toBe('<typed>\n');
  });

  test('that sends its input as text, as the Python client does, is understood', async () => {
    const { socket, messages, closed } = await open(execPath('read a; echo "<$a>"; sleep 0.3', '&stdin=true'), [
      'v4.channel.k8s.io',
    ]);
    socket.send('\0typed\n');
    await closed;
    expect(channel(messages, 1)).toBe('<typed>\n');
  });

  test('whose token is a subprotocol is known, and the token goes no further', async () => {
    const token = `base64url.bearer.authorization.k8s.io.${Buffer.from(scene.token).toString('base64url')}`;
    const { socket, messages, closed } = await open(execPath('echo out; sleep 0.3'), [token, 'v4.channel.k8s.io'], {});
    await closed;
    expect(socket.protocol).toBe('v4.channel.k8s.io');
    expect(channel(messages, 1)).toBe('out\n');
  });

  test.each([
    ['a message in fragments', (socket: WebSocket) => socket.send(Buffer.from('\0a'), { fin: false }), 'fragments'],
    ['a channel that is not there', (socket: WebSocket) => socket.send(Buffer.from('\u0007a')), 'channel'],
    ['output', (socket: WebSocket) => socket.send(Buffer.from('\u0001a')), 'channel'],
  ])('that sends %s is ended, and told why', async (_, send, words) => {
    const { socket, messages, closed } = await open(execPath('echo ready; cat', '&stdin=true'), ['v4.channel.k8s.io']);
    await expect.poll(() => channel(messages, 1)).toBe('ready\n');
    send(socket);
    expect((await closed).reason).toContain('the session was ended');
    const status: unknown = JSON.parse(channel(messages, 3));
    expect(status).toMatchObject({ kind: 'Status', code: 400, reason: 'BadRequest' });
    expect(JSON.stringify(status)).toContain(words);
  });

  test('is refused what is no stream of a pod', async () => {
    const log = path('ticker/log?follow=true');
    const watch = `/api/v1/namespaces/${scene.namespace.name}/pods?watch=true`;
    for (const [target, protocols] of [
      [log, ['binary.k8s.io']],
      [watch, []],
      [path('shell'), []],
    ] as const)
      await expect(open(target, protocols)).rejects.toMatchObject({ statusCode: 403, status: { kind: 'Status' } });
    await expect(open(execPath('true'), ['v9.channel.k8s.io'])).rejects.toMatchObject({ statusCode: 403 });
  });

  test('is answered what the API server answers, whole', async () => {
    await expect(open(path('no-such-pod/exec?command=true&stdout=true'), ['v4.channel.k8s.io'])).rejects.toMatchObject({
      statusCode: 404,
      headers: { connection: 'close', 'content-type': 'application/json', 'audit-id': expect.any(String) as unknown },
      status: { kind: 'Status', reason: 'NotFound', message: 'pods "no-such-pod" not found' },
    });
  });
});

describe('the JavaScript client', () => {
  const config = (): KubeConfig => {
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromFile(scene.client.kubeconfigOf(scene.token));
    return kubeConfig;
  };
  const collect = (stream: PassThrough): (() => string) => {
    let text = '';
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    return () => text;
  };

  test('runs a command with input and output, and is told its exit code', async () => {
    const [stdout, stderr, stdin] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const [out, err] = [collect(stdout), collect(stderr)];
    const status = await new Promise<V1Status>((resolve, reject) => {
      new Exec(config())
        .exec(
          scene.namespace.name,
          'shell',
          'main',
          ['sh', '-c', 'cat; echo err >&2; sleep 0.3; exit 3'],
          stdout,
          stderr,
          stdin,
          false,
          resolve,
        )
        .catch(reject);
      stdin.end('typed\n');
    });
    expect(status).toMatchObject({ status: 'Failure', reason: 'NonZeroExitCode' });
    expect([out(), err()]).toEqual(['typed\n', 'err\n']);
  });

  test('forwards a port', async () => {
    const [output, input] = [new PassThrough(), new PassThrough()];
    const text = collect(output);
    const socket = await new PortForward(config()).portForward(
      scene.namespace.name,
      'web',
      [8080],
      output,
      null,
      input,
    );
    input.write('GET /none HTTP/1.0\r\n\r\n');
    await expect.poll(text).toContain('404 Not Found');
    if ('close' in socket) socket.close();
  });
});

describe('a WebSocket behind a proxied pod', () => {
  /** Upgrades by hand, and answers the head of the answer. */
  async function upgradeByHand(target: string, lines: readonly string[]): Promise<{ socket: TLSSocket; head: string }> {
    const { hostname, port } = new URL(context.url);
    const socket = connect({ host: hostname, port: Number(port), ca });
    await once(socket, 'secureConnect');
    socket.write(
      [`GET ${target} HTTP/1.1`, `Host: ${hostname}`, `Authorization: Bearer ${scene.token}`, ...lines, '', ''].join(
        '\r\n',
      ),
    );
    let head = '';
    while (!head.includes('\r\n\r\n')) head += String((await once(socket, 'data'))[0]);
    return { socket, head };
  }
  const WEBSOCKET = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];

  test('passes whatever bytes there are, where policy allows the proxied call', async () => {
    const { socket, head } = await upgradeByHand(path('echo:8080/proxy/'), WEBSOCKET);
    expect(head).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(head).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    socket.write('no frames at all');
    expect(String((await once(socket, 'data'))[0])).toBe('no frames at all');
    socket.destroy();
  });

  test('is not upgraded to SPDY', async () => {
    const { socket, head } = await upgradeByHand(path('echo:8080/proxy/'), [
      'Connection: Upgrade',
      'Upgrade: SPDY/3.1',
    ]);
    expect(head).toMatch(/^HTTP\/1\.1 403 /);
    socket.destroy();
  });
});
