import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { PermittedCall } from '../call/call.ts';
import { GatewayError } from '../gateway-error.ts';
import { newConversation } from '../recording/new-conversation.ts';
import type { LiveStreams } from '../streams/live-streams.ts';
import { upgradeHeaders } from './headers.ts';
import { rawHeaderStrings, responseHeaders } from './response-headers.ts';
import { isOwnRightsRefusal } from './own-rights.ts';
import { Tunnel } from './tunnel.ts';
import { agreedProtocol } from './upgrade-answer.ts';
import { upgradeOffer, type UpgradeOffer } from './upgrade-offer.ts';
import { failureOf } from './upstream-failure.ts';
import type { Lane, Upstream } from './upstream.ts';

/** The client's side of an upgrade. */
export interface UpgradeClient {
  readonly socket: Duplex;
  /** Writes a whole answer, and ends the connection. */
  answer(answer: UpgradeRefusal): void;
  /** Writes a 101 with these headers, and returns what the client sent before it. */
  switched(headers: readonly string[]): readonly Buffer[];
}

/** An answer of the API server that is no upgrade. */
export interface UpgradeRefusal {
  readonly status: number;
  /** Names and values, alternating, without what concerns connection and framing. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

export interface UpgradeOptions {
  readonly upstream: Upstream;
  /** Where the session is entered, so that it ends when it may not go on. */
  readonly streams: LiveStreams;
  readonly call: PermittedCall;
  readonly client: UpgradeClient;
  readonly now: () => number;
}

export interface UpgradeOutcome {
  /** The status that the client was given. */
  readonly status: number;
  /** Milliseconds until the API server's headers were there. */
  readonly upstreamMs: number;
  /** Why the session was ended before either side ended it. */
  readonly endedBy?: GatewayError;
}

/** A kubelet that has to ask its container runtime takes its time; the API server has no bound here. */
const HEADERS_TIMEOUT = 75_000;
const MAX_REFUSAL_BYTES = 1_048_576;
/** Connections that were upgraded may be silent for hours: what is gone without a word is found by the kernel. */
const KEEP_ALIVE_DELAY = 30_000;

/**
 * Upgrades the connection of a permitted call, and passes its session on until it ends. Bytes pass only after the API
 * server has answered 101 to just what was asked of it (CVE-2018-1002105, CVE-2020-8559).
 *
 * @throws GatewayError where the client has been sent nothing yet; the caller of this function answers then.
 */
export async function upgrade(options: UpgradeOptions): Promise<UpgradeOutcome> {
  const { call, streams } = options;
  if (call.body.present) throw new GatewayError('UpgradeMalformed', { detail: 'it has a body' });
  const offer = upgradeOffer(call.attributes, call.headers);
  const ending = new AbortController();
  let end = (why: GatewayError): void => ending.abort(why);
  // Before anything is sent: a revision that comes from here on finds the session among those to be judged.
  const leave = streams.enter(call, (why) => end(why));
  try {
    const started = options.now();
    const signal = AbortSignal.any([call.signal, ending.signal]);
    const answer = await new Handshake(offer).run(await options.upstream.upgrades(), call, signal);
    const upstreamMs = options.now() - started;
    if (answer.kind === 'refused') {
      options.client.answer(refusal(answer, call.auditID));
      return { status: answer.status, upstreamMs };
    }
    if (signal.aborted) {
      answer.socket.destroy();
      throw reasonOf(signal);
    }
    const tunnel = newTunnel(options, offer, answer);
    end = (why) => tunnel.end(why);
    const outcome = await tunnel.run();
    return { status: 101, upstreamMs, ...outcome };
  } finally {
    leave();
  }
}

/** Why a session ended before it began. */
function reasonOf({ reason }: AbortSignal): GatewayError {
  const why: unknown = reason;
  return why instanceof GatewayError ? why : new GatewayError('UpstreamBroken', { cause: why });
}

function newTunnel(
  { client, call }: UpgradeOptions,
  offer: UpgradeOffer,
  { socket, headers, agreed }: Switched,
): Tunnel {
  for (const side of [client.socket, socket]) {
    if (!(side instanceof Socket)) continue;
    side.setKeepAlive(true, KEEP_ALIVE_DELAY);
    side.setNoDelay(true);
    side.setTimeout(0);
  }
  const { protocol, connect } = offer;
  const conversation = connect === undefined ? undefined : newConversation({ protocol, agreed, connect });
  const early = client.switched([
    'Connection',
    'Upgrade',
    'Upgrade',
    protocol,
    ...withoutFraming(headers, call.auditID),
  ]);
  return new Tunnel({ client: client.socket, server: socket, early, conversation });
}

/** An answer below 400 would be an agreement that is none: nobody knows what it stands for. */
function refusal({ status, headers, body }: Refused, auditID: string): UpgradeRefusal {
  if (status < 400) throw new GatewayError('UpstreamMalformed', { detail: 'it does not upgrade the connection' });
  if (status === 403 && isOwnRightsRefusal(body)) throw new GatewayError('RightsLagging');
  return { status, headers: withoutFraming(headers, auditID), body };
}

/** Nor with an empty subprotocol, which is none to the API server and an error to clients that keep to RFC 6455. */
function withoutFraming(raw: readonly string[], auditID: string): string[] {
  const headers = responseHeaders(raw, auditID);
  return headers.filter((_, at) => {
    const name = headers[at - (at % 2)]?.toLowerCase();
    const value = headers[at - (at % 2) + 1];
    return name !== 'content-length' && !(name === 'sec-websocket-protocol' && value === '');
  });
}

interface Switched {
  readonly kind: 'switched';
  readonly socket: Duplex;
  readonly headers: readonly string[];
  readonly agreed: string;
}

interface Refused {
  readonly kind: 'refused';
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** One request for an upgrade, sent once: what is behind it may have begun when its connection breaks. */
class Handshake implements Dispatcher.DispatchHandler {
  readonly #offer: UpgradeOffer;
  readonly #body: Buffer[] = [];
  #bytes = 0;
  #status = 0;
  #headers: string[] = [];
  #sent = false;
  /** Nobody waits for the answer any more. */
  #abandoned = false;
  #method = '';
  #controller: Dispatcher.DispatchController | undefined;
  #resolve: (answer: Switched | Refused) => void = () => undefined;
  #reject: (error: GatewayError) => void = () => undefined;

  constructor(offer: UpgradeOffer) {
    this.#offer = offer;
  }

  /** @param signal aborted with a GatewayError to be thrown, or because the client has gone. */
  async run(lane: Lane, call: PermittedCall, signal: AbortSignal): Promise<Switched | Refused> {
    const { attributes } = call;
    this.#method = attributes.method;
    const abort = (): void => {
      this.#abandoned = true;
      this.#reject(reasonOf(signal));
      this.#controller?.abort(new Error('the upgrade is not wanted any more'));
    };
    try {
      return await new Promise<Switched | Refused>((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
        if (signal.aborted) return abort();
        signal.addEventListener('abort', abort, { once: true });
        lane.dispatcher.dispatch(
          {
            origin: lane.origin,
            path: `${lane.basePath}${attributes.upstreamTarget}`,
            method: attributes.method,
            headers: upgradeHeaders(call, lane.credential, this.#offer),
            upgrade: this.#offer.protocol,
            body: null,
            headersTimeout: HEADERS_TIMEOUT,
            bodyTimeout: HEADERS_TIMEOUT,
          },
          this,
        );
      });
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#sent = true;
  }

  onRequestUpgrade(controller: Dispatcher.DispatchController, status: number, _headers: unknown, socket: Duplex): void {
    socket.on('error', () => undefined);
    try {
      if (this.#abandoned || status !== 101) throw new GatewayError('UpstreamMalformed');
      const headers = rawHeaderStrings(controller.rawHeaders);
      this.#resolve({ kind: 'switched', socket, headers, agreed: agreedProtocol(this.#offer, headers) });
    } catch (error) {
      socket.destroy();
      this.#reject(error instanceof GatewayError ? error : new GatewayError('Internal', { cause: error }));
    }
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = rawHeaderStrings(controller.rawHeaders);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= MAX_REFUSAL_BYTES) this.#body.push(chunk);
    else controller.abort(new GatewayError('UpstreamMalformed', { detail: 'its refusal is too large' }));
  }

  onResponseEnd(): void {
    this.#resolve({
      kind: 'refused',
      status: this.#status,
      headers: this.#headers,
      body: Buffer.concat(this.#body),
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#reject(failureOf(error, { method: this.#method, sent: this.#sent }));
  }
}
