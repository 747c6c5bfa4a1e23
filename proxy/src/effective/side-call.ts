import type { Dispatcher } from 'undici';
import type { Clock } from '@chaperone/crds/client/clock';
import { GatewayError } from '../gateway-error.ts';
import { sideCallHeaders, type HeaderSource } from '../upstream/headers.ts';
import { failureOf } from '../upstream/upstream-failure.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { SideAnswer } from './object-answer.ts';

/** The call beside which another is made. */
export type SideCaller = HeaderSource & { readonly signal: AbortSignal };

/** A call that the gateway makes in the caller's name beside the caller's own: a read or a dry run, never anything else. */
export interface SideRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  /** Path and query, as they go upstream. */
  readonly target: string;
  readonly body?: Buffer | undefined;
  readonly contentType?: string | undefined;
}

export type SideCall = (caller: SideCaller, request: SideRequest) => Promise<SideAnswer>;

export interface SideCallOptions {
  readonly upstream: Pick<Upstream, 'calls'>;
  readonly clock: Clock;
  /** Milliseconds for the whole of one; the API server gives itself 34 s for a write. */
  readonly timeoutMs?: number;
  /** Bytes of an answer; etcd takes 1.5 MiB of an object, and JSON is the longest form. */
  readonly maxBytes?: number;
}

const TIMEOUT = 40_000;
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Makes calls as the caller, under the call's own Audit-ID, so that the cluster's audit log shows them beside it. One on
 * whose connection nothing came back is made once more: nothing that it asks for lasts.
 *
 * @throws GatewayError where the API server does not answer
 */
export function newSideCall({ upstream, clock, timeoutMs = TIMEOUT, maxBytes = MAX_BYTES }: SideCallOptions): SideCall {
  async function send(caller: SideCaller, request: SideRequest, signal: AbortSignal): Promise<SideAnswer> {
    const { method, target, body, contentType } = request;
    const lane = await upstream.calls();
    const response = await lane.dispatcher.request({
      origin: lane.origin,
      path: `${lane.basePath}${target}`,
      method,
      headers: sideCallHeaders(caller, lane.credential, contentType),
      body: body ?? null,
      signal,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
    return { status: response.statusCode, body: await readBounded(response.body, maxBytes) };
  }

  return async function sideCall(caller, request) {
    const timeout = new AbortController();
    const timer = clock.setTimer(() => timeout.abort(), timeoutMs);
    const signal = AbortSignal.any([caller.signal, timeout.signal]);
    try {
      return await send(caller, request, signal).catch((error: unknown) => {
        if (signal.aborted || error instanceof GatewayError) throw error;
        return send(caller, request, signal);
      });
    } catch (error) {
      if (timeout.signal.aborted) throw new GatewayError('UpstreamTimeout', { cause: error });
      // Nothing that was sent lasts, so that it failed like a read.
      throw failureOf(asError(error), { method: 'GET', sent: true });
    } finally {
      timer.cancel();
    }
  };
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error('not an error'));

/** Undefined where there is more than is read; the connection is given up then. */
async function readBounded(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of body) {
    if (!Buffer.isBuffer(chunk)) continue;
    total += chunk.length;
    if (total > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
