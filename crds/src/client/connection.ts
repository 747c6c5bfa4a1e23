import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { KubeConfig } from '@kubernetes/client-node';
import { ApiError, ConnectionError, RequestTimeoutError, ResponseError, summarizeStatus } from './api-error.ts';
import { systemClock, type Clock } from './clock.ts';
import { newIdentity, type Identity } from './identity.ts';

/** Media types of request bodies; always sent, as client-node's default would turn any patch into a JSON Patch. */
export const ContentType = {
  json: 'application/json',
  jsonPatch: 'application/json-patch+json',
  mergePatch: 'application/merge-patch+json',
  // JSON is YAML; the API server accepts no `apply-patch+json`.
  applyPatch: 'application/apply-patch+yaml',
} as const;
export type ContentType = (typeof ContentType)[keyof typeof ContentType];

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One call. */
export interface Call {
  readonly method: Method;
  /** API path without query, each segment already encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON under `contentType`. */
  readonly body?: unknown;
  readonly contentType?: ContentType;
  readonly signal?: AbortSignal | undefined;
  /** For the whole call, in milliseconds; default is the connection's. */
  readonly timeoutMs?: number | undefined;
  /** Keep the server's words out of the error. */
  readonly secret?: boolean;
}

/** A response whose body is still running. */
export interface Stream {
  readonly headers: IncomingHttpHeaders;
  readonly body: AsyncIterable<Buffer>;
}

/** What was done, for metrics: no path and no names, as labels must stay bounded. `status` 0 means no answer. */
export interface CallObservation {
  readonly method: Method;
  readonly status: number;
  readonly durationMs: number;
}

export interface ConnectionOptions {
  readonly kubeConfig: KubeConfig;
  /** Shown in the cluster's audit log, for instance `chaperone-operator/1.2.3`. */
  readonly userAgent: string;
  readonly clock?: Clock;
  /** Default 30 s. */
  readonly requestTimeoutMs?: number;
  /** Default 5 s. */
  readonly connectTimeoutMs?: number;
  /** Default 64. */
  readonly maxConnections?: number;
  readonly observe?: (call: CallObservation) => void;
}

/** HTTP/1.1 to one API server as one identity, over pooled connections. */
export interface Connection {
  /**
   * Sends a call and returns its parsed JSON.
   * @throws ApiError, ConnectionError, RequestTimeoutError, ResponseError; the signal's own reason when it aborts.
   */
  request(call: Call): Promise<unknown>;
  /** Sends a GET whose answer does not end by itself; `timeoutMs` covers the headers only. Throws as `request`. */
  stream(call: Omit<Call, 'method' | 'body' | 'contentType'>): Promise<Stream>;
  /** Cuts what is running. */
  close(): Promise<void>;
}

/** Largest answer that is read; a page of 500 large objects stays far below. */
const MAX_RESPONSE_BYTES = 128 * 1024 * 1024;
/** Of an error answer only its Status matters. */
const MAX_ERROR_BYTES = 256 * 1024;

export function newConnection(options: ConnectionOptions): Connection {
  const clock = options.clock ?? systemClock;
  const requestTimeoutMs = options.requestTimeoutMs ?? 30_000;
  const identity: Identity = newIdentity({
    kubeConfig: options.kubeConfig,
    clock,
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    maxConnections: options.maxConnections ?? 64,
  });

  async function send(call: Call, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    signal.throwIfAborted();
    const route = await identity.route();
    const headers: Record<string, string> = {
      ...route.headers,
      accept: ContentType.json,
      'user-agent': options.userAgent,
    };
    if (call.body !== undefined) {
      headers['content-type'] = call.contentType ?? ContentType.json;
    }
    const response = await route.dispatcher.request({
      origin: route.origin,
      path: `${route.basePath}${call.path}${queryOf(call.query)}`,
      method: call.method,
      headers,
      body: call.body === undefined ? null : JSON.stringify(call.body),
      signal,
      // Our own timeouts: undici's would cut a quiet watch, and read as a connection fault.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    if (response.statusCode < 200 || response.statusCode > 299) {
      throw await errorOf(call, response);
    }
    return response;
  }

  /** Runs one call under its own timeout and turns whatever goes wrong into one of our errors. */
  async function guarded<R>(call: Call, run: (signal: AbortSignal) => Promise<R>): Promise<R> {
    const timeout = new AbortController();
    const timer = clock.setTimer(() => timeout.abort(), call.timeoutMs ?? requestTimeoutMs);
    const signals = call.signal === undefined ? [timeout.signal] : [call.signal, timeout.signal];
    const started = clock.monotonic();
    const observe = (status: number): void =>
      options.observe?.({ method: call.method, status, durationMs: clock.monotonic() - started });
    try {
      const result = await run(AbortSignal.any(signals));
      observe(200);
      return result;
    } catch (cause) {
      observe(cause instanceof ApiError ? cause.status : 0);
      throw translate(call, cause, timeout.signal.aborted);
    } finally {
      timer.cancel();
    }
  }

  return {
    async request(call) {
      return guarded(call, async (signal) => {
        const response = await send(call, signal);
        return parse(await read(response.body, MAX_RESPONSE_BYTES), call);
      });
    },
    async stream(call) {
      // The body outlives the guard, so the caller's signal is the one that goes into the request; the timeout of the
      // headers gets a controller that nothing aborts once they are here.
      const whole: Call = { ...call, method: 'GET' };
      const ended = new AbortController();
      const signal = call.signal === undefined ? ended.signal : AbortSignal.any([call.signal, ended.signal]);
      return guarded(whole, async (limit) => {
        const cut = (): void => ended.abort(limit.reason);
        limit.addEventListener('abort', cut, { once: true });
        try {
          const response = await send(whole, signal);
          return { headers: response.headers, body: response.body };
        } finally {
          limit.removeEventListener('abort', cut);
        }
      });
    },
    close: () => identity.close(),
  };
}

function queryOf(query: Call['query']): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) {
      parameters.append(name, String(value));
    }
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

const describe = (call: Call): string => `${call.method} ${call.path}`;

async function read(body: AsyncIterable<Buffer>, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) {
      throw new ResponseError(`The answer is larger than ${limit} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parse(bytes: Buffer, call: Call): unknown {
  try {
    // The parser's own message quotes the text, so it is not kept as cause.
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new ResponseError(`${describe(call)}: the answer is not JSON`);
  }
}

async function errorOf(call: Call, response: Dispatcher.ResponseData): Promise<ApiError> {
  let body: unknown;
  try {
    body = parse(await read(response.body, MAX_ERROR_BYTES), call);
  } catch (cause) {
    if (!(cause instanceof ResponseError)) {
      throw cause;
    }
    // A proxy in between answers in HTML; the code says enough.
    body = undefined;
  }
  return new ApiError(
    describe(call),
    summarizeStatus({
      status: response.statusCode,
      body,
      retryAfter: response.headers['retry-after'],
      secret: call.secret ?? false,
    }),
  );
}

function translate(call: Call, cause: unknown, timedOut: boolean): unknown {
  if (cause instanceof ApiError || cause instanceof ResponseError || cause instanceof ConnectionError) {
    return cause;
  }
  if (call.signal?.aborted === true) {
    return call.signal.reason;
  }
  if (timedOut) {
    return new RequestTimeoutError(`${describe(call)}: no complete answer in time`);
  }
  return new ConnectionError(`${describe(call)}: ${faultOf(cause)}`, { cause });
}

/** The code of a socket or TLS fault; its message may hold addresses but never credentials. */
function faultOf(cause: unknown): string {
  if (!(cause instanceof Error)) {
    return 'connection failed';
  }
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
  return code === '' ? 'connection failed' : code;
}
