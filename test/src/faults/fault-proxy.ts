import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';

/** A request that passed, or was answered by, the proxy. */
export interface SeenRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly isWatch: boolean;
  /** `performance.now()` when it came. */
  readonly at: number;
}

/** What is answered in the server's place. */
export interface FaultAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface FaultProxy {
  /** A kubeconfig (YAML) through the proxy. It speaks plain HTTP and is admin by itself. */
  readonly kubeconfig: string;
  readonly requests: readonly SeenRequest[];
  /** Watches whose headers have gone to the client and that run. */
  openWatches(): number;
  /** Answers the next `times` requests that match, instead of asking the server. */
  answer(match: (request: SeenRequest) => boolean, answer: FaultAnswer, times?: number): void;
  /** Ends running watches in good order, as a server does at their timeout. */
  endWatches(): void;
  /** Sends the beginning of an event to running watches and cuts their connections. */
  cutWatches(): void;
  /** Puts a line of our own between the server's events. */
  injectIntoWatches(line: string): void;
  /** Running watches hear nothing any more, and neither end learns of it: a partition. */
  freezeWatches(): void;
  /** Closes the port and cuts every connection. */
  refuse(): Promise<void>;
  /** Opens the same port again. */
  accept(): Promise<void>;
  close(): Promise<void>;
}

interface Rule {
  readonly match: (request: SeenRequest) => boolean;
  readonly answer: FaultAnswer;
  left: number;
}

interface RunningWatch {
  readonly response: ServerResponse;
  frozen: boolean;
}

/**
 * Stands in front of a real API server and does to its answers what a real one cannot be made to do on demand. What is
 * not interfered with is the real server's.
 */
export async function startFaultProxy(adminKubeconfig: string): Promise<FaultProxy> {
  const admin = new KubeConfig();
  admin.loadFromFile(adminKubeconfig);
  const upstream = new URL(admin.getCurrentCluster()?.server ?? '');
  const credentials: RequestOptions = {};
  await admin.applyToHTTPSOptions(credentials);

  const requests: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  const watches = new Set<RunningWatch>();
  let rules: Rule[] = [];

  function relay(request: IncomingMessage, response: ServerResponse, seen: SeenRequest): void {
    const { host: _host, connection: _connection, ...headers } = request.headers;
    const onward = httpsRequest(
      {
        ...credentials,
        host: upstream.hostname,
        port: upstream.port,
        method: request.method,
        path: request.url,
        headers,
      },
      (answer) => {
        const { connection: _hop, 'transfer-encoding': _encoding, ...answerHeaders } = answer.headers;
        response.writeHead(answer.statusCode ?? 502, answerHeaders);
        response.flushHeaders();
        const watch: RunningWatch = { response, frozen: false };
        if (seen.isWatch && answer.statusCode === 200) {
          watches.add(watch);
        }
        answer.on('data', (chunk: Buffer) => {
          if (!watch.frozen) {
            response.write(chunk);
          }
        });
        answer.on('end', () => {
          if (!watch.frozen) {
            response.end();
          }
        });
        answer.on('error', () => response.destroy());
        response.on('close', () => {
          watches.delete(watch);
          onward.destroy();
        });
      },
    );
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://proxy');
    const seen: SeenRequest = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      isWatch: url.searchParams.get('watch') === 'true',
      at: performance.now(),
    };
    requests.push(seen);
    const rule = rules.find((candidate) => candidate.left > 0 && candidate.match(seen));
    if (rule === undefined) {
      relay(request, response, seen);
      return;
    }
    rule.left -= 1;
    rules = rules.filter((candidate) => candidate.left > 0);
    request.resume();
    response.writeHead(rule.answer.status, { 'content-type': 'application/json', ...rule.answer.headers });
    response.end(rule.answer.body ?? '');
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  const refuse = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      sockets.forEach((socket) => socket.destroy());
    });
  await listen(0);
  const { port } = addressOf(server.address());

  const forEachWatch = (act: (watch: RunningWatch) => void): void => [...watches].forEach(act);
  return {
    kubeconfig: JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'faults',
      contexts: [{ name: 'faults', context: { cluster: 'faults', user: 'faults' } }],
      // client-node takes plain HTTP only from whoever has switched verification off.
      clusters: [{ name: 'faults', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'faults', user: {} }],
    }),
    requests,
    openWatches: () => [...watches].filter((watch) => !watch.frozen).length,
    answer: (match, answer, times = 1) => void rules.push({ match, answer, left: times }),
    endWatches: () => forEachWatch(({ response }) => response.end()),
    cutWatches: () =>
      forEachWatch(({ response }) => {
        response.write('{"type":"ADDED","object":{"kind":"Conf', () => response.destroy());
      }),
    injectIntoWatches: (line) => forEachWatch(({ response }) => response.write(`${line}\n`)),
    freezeWatches: () =>
      forEachWatch((watch) => {
        watch.frozen = true;
      }),
    refuse,
    accept: () => listen(port),
    close: refuse,
  };
}

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') {
    throw new TypeError('The proxy has no TCP address');
  }
  return address;
}
