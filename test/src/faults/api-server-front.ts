import { createServer, request as httpsRequest, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from '@chaperone/e2e/cluster/control-plane';

/** What is done to a request in place of passing it on. */
export type Fault =
  /** The connection breaks before the API server sees the request. */
  | { readonly kind: 'BreakBefore' }
  /** The API server carries it out; the connection breaks before its answer comes back. */
  | { readonly kind: 'BreakAfter' }
  /** Half of the answer's body, then the connection breaks. */
  | { readonly kind: 'BreakInside' }
  /** The answer comes this much later. */
  | { readonly kind: 'Delay'; readonly milliseconds: number }
  /** The answer says that it is the last on its connection. */
  | { readonly kind: 'Close' }
  /** The connection is closed this much after the answer, unless a request came on it meanwhile. */
  | { readonly kind: 'CloseIdle'; readonly milliseconds: number }
  /** Bytes that are no HTTP. */
  | { readonly kind: 'Garbage' }
  /** Nothing comes back, and the connection stays. */
  | { readonly kind: 'Silence' }
  /** In place of the API server's answer: JSON of any length, as fast as it is taken. */
  | { readonly kind: 'Answer'; readonly body: () => Iterable<Buffer> };

export interface FrontRequest {
  readonly method: string;
  readonly url: string;
  readonly auditID: string;
}

/** Stands in front of an API server, with a certificate of the same authority, and breaks what it is told to break. */
export interface ApiServerFront {
  readonly url: string;
  /** All requests that came, in order; those that were broken before the API server saw them too. */
  readonly requests: readonly FrontRequest[];
  /** Does this to the next `times` requests that match. */
  fault(match: (request: FrontRequest) => boolean, fault: Fault, times?: number): void;
  /** Requests that match and have no end yet. */
  open(match: (request: FrontRequest) => boolean): number;
  /** Closes the port and cuts every connection. */
  refuse(): Promise<void>;
  accept(): Promise<void>;
  close(): Promise<void>;
}

export async function startApiServerFront({ url, credentials }: ControlPlane): Promise<ApiServerFront> {
  const { authority } = credentials;
  const serving = await authority.issue({ commonName: 'front', ipAddresses: ['127.0.0.1'], usages: ['server'] });
  const upstream = new URL(url);
  const requests: FrontRequest[] = [];
  const sockets = new Set<Socket>();
  const open = new Map<ServerResponse, FrontRequest>();
  let faults: { match: (request: FrontRequest) => boolean; fault: Fault; left: number }[] = [];

  function faultFor(seen: FrontRequest): Fault | undefined {
    const found = faults.find(({ match }) => match(seen));
    if (found === undefined) return undefined;
    found.left -= 1;
    faults = faults.filter(({ left }) => left > 0);
    return found.fault;
  }

  function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = {
      method: request.method ?? '',
      url: request.url ?? '',
      auditID: String(request.headers['audit-id'] ?? ''),
    };
    requests.push(seen);
    open.set(response, seen);
    response.once('close', () => open.delete(response));
    return respond(request, response, faultFor(seen));
  }

  async function respond(request: IncomingMessage, response: ServerResponse, fault: Fault | undefined): Promise<void> {
    switch (fault?.kind) {
      case 'BreakBefore':
        response.destroy();
        return;
      case 'Silence':
        return;
      case 'Answer':
        response.writeHead(200, { 'Content-Type': 'application/json' });
        await pipeline(Readable.from(fault.body()), response).catch(() => response.destroy());
        return;
      case 'Garbage':
        response.socket?.end('there is no such protocol\r\n\r\n');
        return;
      case 'Delay':
        await sleep(fault.milliseconds);
        relay(request, response, undefined);
        return;
      case 'Close':
      case 'CloseIdle':
        closeAfter(response, fault);
        relay(request, response, undefined);
        return;
      case 'BreakAfter':
      case 'BreakInside':
      case undefined:
        relay(request, response, fault?.kind);
        return;
      default:
        fault satisfies never;
    }
  }

  function closeAfter(response: ServerResponse, fault: Extract<Fault, { kind: 'Close' | 'CloseIdle' }>): void {
    if (fault.kind === 'Close') {
      response.setHeader('Connection', 'close');
      return;
    }
    const { socket } = response;
    response.once('finish', () =>
      setTimeout(() => {
        if (![...open.keys()].some((other) => other.socket === socket)) socket?.destroy();
      }, fault.milliseconds),
    );
  }

  function relay(
    request: IncomingMessage,
    response: ServerResponse,
    fault: 'BreakAfter' | 'BreakInside' | undefined,
  ): void {
    const onward = httpsRequest(
      {
        host: upstream.hostname,
        port: upstream.port,
        ca: authority.keyPair.certificate,
        method: request.method,
        path: request.url,
        headers: request.rawHeaders,
        agent: false,
      },
      (answer) => {
        if (fault === 'BreakAfter') {
          response.destroy();
          return;
        }
        response.writeHead(answer.statusCode ?? 502, withoutHops(answer.rawHeaders));
        response.flushHeaders();
        answer.on('data', (chunk: Buffer) => {
          if (fault === 'BreakInside') response.write(chunk.subarray(0, chunk.length / 2), () => response.destroy());
          else response.write(chunk);
        });
        answer.once('end', () => {
          if (fault === undefined) response.end();
        });
        answer.once('error', () => response.destroy());
      },
    );
    onward.once('error', () => response.destroy());
    response.once('close', () => onward.destroy());
    request.pipe(onward);
  }

  const server: Server = createServer({ cert: serving.certificate, key: serving.key }, (request, response) => {
    void serve(request, response);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  let port = 0;
  const accept = (): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        const address = server.address();
        port = typeof address === 'object' && address !== null ? address.port : port;
        resolve();
      });
    });
  const refuse = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  await accept();
  return {
    url: `https://127.0.0.1:${port}`,
    requests,
    fault: (match, fault, times = 1) => void faults.push({ match, fault, left: times }),
    open: (match) => [...open.values()].filter(match).length,
    refuse,
    accept,
    close: refuse,
  };
}

const HOPS: ReadonlySet<string> = new Set(['connection', 'transfer-encoding', 'keep-alive']);

const withoutHops = (raw: readonly string[]): string[] =>
  raw.filter((_, at) => !HOPS.has((raw[at - (at % 2)] ?? '').toLowerCase()));
