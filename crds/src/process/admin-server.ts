import { createServer, type Server } from 'node:http';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Logger } from './logger.ts';
import { report, type HealthCheck } from './health.ts';

export interface AdminServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Is the process itself in order? A failure gets it restarted, so nothing that a restart does not cure. */
  readonly livenessChecks: readonly HealthCheck[];
  /** Can it do its work? */
  readonly readinessChecks: readonly HealthCheck[];
  /** The text exposition and its media type. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
  /** What else is served here. */
  readonly routes?: readonly AdminRoute[];
  readonly logger: Logger;
}

/** One path that is asked by POST, with JSON, and answers with JSON. */
export interface AdminRoute {
  /** As `/explain`. */
  readonly path: string;
  readonly maxBodyBytes: number;
  /** Its errors are answered with 500 and no detail. */
  answer(request: AdminRequest): Promise<AdminAnswer>;
}

export interface AdminRequest {
  /** Names and values, alternating, as they came. */
  readonly rawHeaders: readonly string[];
  /**
   * Reads the body, and nothing of it before: so that a stranger's is not.
   * @throws AdminBodyError
   */
  readonly body: () => Promise<unknown>;
}

export interface AdminAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A body that cannot be had. The message quotes nothing of it. */
export class AdminBodyError extends Error {
  override readonly name = 'AdminBodyError';
  readonly code = 'ERR_ADMIN_BODY';
  readonly status: 400 | 413 | 415;

  constructor(status: 400 | 413 | 415, message: string) {
    super(message);
    this.status = status;
  }
}

/** Health and metrics, on a port of their own, for the kubelet and Prometheus, and what else is given. */
export interface AdminServer {
  /** @throws Error with code EADDRINUSE and the like. */
  listen(): Promise<{ readonly url: string }>;
  close(): Promise<void>;
}

export function newAdminServer(options: AdminServerOptions): AdminServer {
  const server = createServer(newApp(options));
  // A probe is one short request; a client that trickles its headers must not hold a socket for ever.
  server.requestTimeout = 10_000;
  server.headersTimeout = 5_000;
  server.maxConnections = 256;
  return {
    async listen() {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(options.port, options.host, () => {
          server.off('error', reject);
          resolve();
        });
      });
      return { url: urlOf(server) };
    },
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function newApp({ livenessChecks, readinessChecks, metrics, routes = [], logger }: AdminServerOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const endpoints = { healthz: livenessChecks, readyz: readinessChecks };
  for (const [endpoint, checks] of Object.entries(endpoints)) {
    app.get(`/${endpoint}`, (request, response) => {
      const exclude = new Set([request.query['exclude'] ?? []].flat().map(String));
      const { ok, text } = report(endpoint, checks, exclude);
      const verbose = request.query['verbose'] !== undefined || !ok;
      send(response, ok ? 200 : 503, verbose ? text : 'ok');
    });
    app.get(`/${endpoint}/:check`, (request, response) => {
      const wanted = checks.filter(({ name }) => name === request.params.check);
      const { ok, text } = report(endpoint, wanted);
      send(response, wanted.length === 0 ? 404 : ok ? 200 : 503, wanted.length === 0 ? 'no such check' : text);
    });
  }
  app.get('/metrics', async (_request, response) => {
    const { contentType, body } = await metrics();
    response.status(200).set('content-type', contentType).send(body);
  });
  for (const route of routes) serveRoute(app, route);
  app.use((_request, response) => send(response, 404, 'not found'));
  // Express tells an error handler by its four parameters.
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    logger.error('Admin request failed', { error });
    send(response, 500, 'internal error');
  });
  return app;
}

function serveRoute(app: Express, route: AdminRoute): void {
  const { path, maxBodyBytes } = route;
  app.post(path, (request, response, next) => {
    const body = (): Promise<unknown> => readJson(request, response, maxBodyBytes);
    route.answer({ rawHeaders: request.rawHeaders, body }).then((answer) => {
      response
        .status(answer.status)
        .set({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store', ...answer.headers })
        .json(answer.body);
    }, next);
  });
  app.all(path, (_request, response) => {
    response.set('allow', 'POST');
    send(response, 405, 'only POST is served here');
  });
}

/** @throws AdminBodyError */
function readJson(request: Request, response: Response, maxBytes: number): Promise<unknown> {
  if (request.is('application/json') !== 'application/json')
    return Promise.reject(new AdminBodyError(415, 'the body has to be JSON, with Content-Type: application/json'));
  const parse = express.json({ limit: maxBytes, inflate: false, strict: true });
  return new Promise((resolve, reject) => {
    parse(request, response, (error?: unknown) =>
      error === undefined ? resolve(request.body) : reject(bodyError(error, maxBytes)),
    );
  });
}

/** body-parser's errors carry a status, and quote what they could not parse. */
function bodyError(error: unknown, maxBodyBytes: number): AdminBodyError {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  switch (status) {
    case 413:
      return new AdminBodyError(413, `the body is larger than ${maxBodyBytes} bytes`);
    case 415:
      return new AdminBodyError(415, 'the body is in an encoding that is not served here');
    default:
      return new AdminBodyError(400, 'the body is no JSON object');
  }
}

function send(response: Response, status: number, text: string): void {
  response
    .status(status)
    .set({
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    })
    .send(text);
}

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new TypeError('The admin server has no TCP address');
  }
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}
