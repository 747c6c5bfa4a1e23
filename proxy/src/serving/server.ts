import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { DEFAULT_LIMITS } from '../request/limits.ts';
import { inboundHeaders } from '../request/inbound-headers.ts';
import { Rejection } from '../request/rejection.ts';
import { answerBrokenRequest, answerConnect } from './broken-request.ts';
import { newConnectionExchanges } from './connection-exchanges.ts';
import type { ServingCertificate } from './tls.ts';

/** What to do with what comes in. */
export interface Handlers {
  /** @param invite answers `Expect: 100-continue`, once the body is wanted. */
  request(request: IncomingMessage, response: ServerResponse, invite: () => void): void;
  /** Refuses a request that came before its predecessor on the connection was answered. */
  pipelined(request: IncomingMessage, response: ServerResponse): void;
  /** The socket is the handler's: it answers or destroys it. `head` are bytes that came after the request. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** A request that is no HTTP was answered with this status. */
  broken?(status: number, socket: Duplex): void;
}

export interface GatewayServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly certificate: ServingCertificate;
  readonly maxConnections: number;
  readonly timeouts: ServerTimeouts;
  readonly handlers: Handlers;
  /** What comes on a connection before TLS; nothing where it is not given. */
  readonly preamble?: Preamble;
}

/** Reads what a load balancer says of a connection before it hands it on. */
export interface Preamble {
  /** Calls `accept` once the next byte is the client's first of TLS, or destroys the socket. */
  read(socket: Socket, accept: () => void): void;
}

/** In milliseconds. Answers and streams have no bound here. */
export interface ServerTimeouts {
  /** For TLS to be agreed on. */
  readonly handshake: number;
  /** For request line and headers to arrive. */
  readonly headers: number;
  /** For a request to arrive whole. */
  readonly request: number;
  /** Without a request. */
  readonly idle: number;
}

/** Where callers connect: TLS, HTTP/1.1 and nothing else. */
export interface GatewayServer {
  listen(): Promise<{ readonly port: number }>;
  /** For connections from now on; those that are open keep theirs. */
  useCertificate(certificate: ServingCertificate): void;
  /**
   * Takes no more connections, and ends each open one after its current answer, which says `Connection: close` as far as
   * that can still be said. Resolves when all have ended.
   */
  drain(): Promise<void>;
  /** Cuts all that is left. */
  close(): void;
  connections(): number;
}

/** How often Node looks for requests that take too long, at most. */
const CHECKING_INTERVAL = 2_000;
/** How often a drain looks for connections whose answers had begun before they could say that they are the last. */
const DRAIN_INTERVAL = 100;

export function newGatewayServer({
  host,
  port,
  certificate,
  maxConnections,
  timeouts,
  handlers,
  preamble,
}: GatewayServerOptions): GatewayServer {
  const sockets = new Set<Duplex>();
  const answering = new Set<ServerResponse>();
  let draining = false;
  const exchanges = newConnectionExchanges();
  const server: Server = createServer(
    {
      ...certificate,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      // Asked for, so that callers who have nothing else are told why it is of no use; never believed.
      requestCert: true,
      rejectUnauthorized: false,
      maxHeaderSize: DEFAULT_LIMITS.headerBytes,
      // Node's own answer would be no Status; a request without one is refused with all that is refused for its form.
      requireHostHeader: false,
      insecureHTTPParser: false,
      keepAliveTimeout: timeouts.idle,
      headersTimeout: timeouts.headers,
      requestTimeout: timeouts.request,
      connectionsCheckingInterval: Math.min(CHECKING_INTERVAL, Math.ceil(timeouts.headers / 4)),
      handshakeTimeout: timeouts.handshake,
      // Everything that asks for no upgrade that is served gets its answer as a request.
      shouldUpgradeCallback: (request) =>
        exchanges.progress(request.socket) === 'Idle' && asksForServedUpgrade(request),
    },
    (request, response) => take(request, response, () => undefined),
  );
  server.maxConnections = maxConnections;
  if (preamble !== undefined) readFirst(server, preamble);
  // Node would join or drop repeated headers past this many; all are read, and counted, from rawHeaders.
  server.maxHeadersCount = DEFAULT_LIMITS.headers + 1;
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) =>
    take(request, response, () => response.writeContinue()),
  );
  // Headers are judged with all others; Node's own 417 would be no Status.
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
    take(request, response, () => undefined),
  );
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
    handlers.upgrade(request, socket, head),
  );
  server.on('clientError', (error: Error, socket: Duplex) => {
    const status = answerBrokenRequest(error, socket, exchanges.progress(socket));
    if (status !== undefined) handlers.broken?.(status, socket);
  });
  server.on('connect', (request: IncomingMessage, socket: Duplex) => {
    // Behind an answer that is under way this one would be read as its part.
    if (exchanges.progress(request.socket) !== 'Idle') {
      socket.destroy();
      return;
    }
    const status = answerConnect(socket);
    handlers.broken?.(status, socket);
  });
  server.on('secureConnection', (socket) => {
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  function take(request: IncomingMessage, response: ServerResponse, invite: () => void): void {
    if (draining) response.shouldKeepAlive = false;
    answering.add(response);
    response.once('close', () => answering.delete(response));
    const turn = exchanges.begin(request, response);
    switch (turn) {
      case 'Serve':
        return handlers.request(request, response, invite);
      case 'Refuse':
        return handlers.pipelined(request, response);
      case 'Ignore':
        return;
      case 'Cut':
        request.socket.destroy();
        return;
      default:
        return turn satisfies never;
    }
  }

  return {
    async listen() {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          resolve();
        });
      });
      const address = server.address();
      return { port: typeof address === 'object' && address !== null ? address.port : port };
    },
    useCertificate: (next) => server.setSecureContext({ ...next, minVersion: 'TLSv1.2' }),
    async drain() {
      draining = true;
      for (const response of answering) if (!response.headersSent) response.shouldKeepAlive = false;
      const looking = setInterval(() => server.closeIdleConnections(), DRAIN_INTERVAL);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
      clearInterval(looking);
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
    connections: () => sockets.size,
  };
}

/** Puts the preamble before TLS: a server listens for connections by exactly one function, which begins the handshake. */
function readFirst(server: Server, preamble: Preamble): void {
  const [handshake] = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => preamble.read(socket, () => handshake?.call(server, socket)));
}

function asksForServedUpgrade(request: IncomingMessage): boolean {
  const headers = inboundHeaders(request.rawHeaders);
  return !(headers instanceof Rejection) && headers.upgrade !== undefined;
}
