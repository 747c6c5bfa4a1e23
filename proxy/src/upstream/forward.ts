import type { ServerResponse } from 'node:http';
import { PassThrough, pipeline, type Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { BodyCapture } from '../audit/body-capture.ts';
import type { Recording } from '../audit/recorder.ts';
import type { PermittedCall } from '../call/call.ts';
import { GatewayError } from '../gateway-error.ts';
import { newMaskedAnswer, type MaskedAnswer } from '../masking/answer/masked-answer.ts';
import { UndecodableBody } from '../masking/document.ts';
import { answerEnd, type AnswerEnd } from '../streams/answer-end.ts';
import type { LiveStreams } from '../streams/live-streams.ts';
import { upstreamHeaders } from './headers.ts';
import { headerOf, rawHeaderStrings, responseHeaders } from './response-headers.ts';
import type { Upstream } from './upstream.ts';
import { isOwnRightsRefusal } from './own-rights.ts';
import { failureOf, isRepeatable } from './upstream-failure.ts';

/** How a call ended that was sent. */
export interface ForwardOutcome {
  /** The status that the client was given. */
  readonly status: number;
  /** Milliseconds until the API server's headers were there. */
  readonly upstreamMs: number;
  /** Whether all of the answer went to the client. */
  readonly complete: boolean;
  /** Why it was ended before the API server ended it. */
  readonly endedBy?: GatewayError;
}

export interface ForwardOptions {
  readonly upstream: Upstream;
  readonly call: PermittedCall;
  readonly response: ServerResponse;
  readonly now: () => number;
  /** Where long-running calls are entered, so that they end when they may not go on. */
  readonly streams: LiveStreams;
  /** What of the call goes on record. */
  readonly recording: Recording;
}

/** The API server gives itself 60 s for a call that is not long-running. */
const HEADERS_TIMEOUT = 75_000;
/** Without a byte of an answer that is not long-running. Waiting for a slow client does not count. */
const BODY_TIMEOUT = 75_000;
/** A refusal is kept back until it is known whose it is. */
const MAX_KEPT_BACK = 65_536;
/** For a client to take the last words of an answer that was ended; one that does not read is cut off. */
const LAST_WORDS_TIMEOUT = 1_000;
/** Masking goes on for so long before others have their turn: the kernel may hand over megabytes at once. */
const MASKING_SLICE = 4;
/** After the end of an answer from inside, until its connection to the API server is closed. */
const ABORT_DELAY = 100;

/**
 * Sends a call and passes its answer on as it comes, never faster than the client takes it.
 *
 * A read on which the connection broke before anything came back is sent once more; nothing else ever is, as it may have
 * been carried out. Resolves when the answer has ended, whole or not.
 *
 * @throws GatewayError where the client has been sent nothing yet; the caller of this function answers then.
 */
export async function forward(options: ForwardOptions): Promise<ForwardOutcome> {
  const { call, streams } = options;
  if (!call.attributes.longRunning) return send(options, undefined);
  const ending = new Ending();
  // Before anything is sent: a revision that comes from here on finds the stream among those to be judged.
  const leave = streams.enter(call, (why) => ending.end(why));
  try {
    return await send(options, ending);
  } finally {
    leave();
  }
}

/** The end of a stream from inside, which may be asked for before there is an exchange to be ended. */
class Ending {
  why: GatewayError | undefined;
  #exchange: Exchange | undefined;

  end(why: GatewayError): void {
    this.why = why;
    this.#exchange?.end(why);
  }

  /** The exchange that is under way from now on. */
  of(exchange: Exchange): void {
    this.#exchange = exchange;
  }
}

async function send(options: ForwardOptions, ending: Ending | undefined): Promise<ForwardOutcome> {
  const { call, upstream } = options;
  const { attributes, body } = call;
  const lane = attributes.longRunning ? await upstream.streams() : await upstream.calls();
  const streamed = body.present && attributes.subresource === 'proxy';
  const bytes = body.present && !streamed ? await body.read() : undefined;
  if (bytes !== undefined) options.recording.sent(bytes);
  const request: Dispatcher.DispatchOptions = {
    origin: lane.origin,
    path: `${lane.basePath}${attributes.upstreamTarget}`,
    method: attributes.method,
    headers: upstreamHeaders(call, lane.credential),
    body: streamed ? captured(body.stream(), options.recording.sending()) : (bytes ?? null),
    headersTimeout: attributes.longRunning ? 0 : HEADERS_TIMEOUT,
    bodyTimeout: attributes.longRunning ? 0 : BODY_TIMEOUT,
  };
  const repeatable = isRepeatable(attributes.method, body.present);
  const exchange = (): Promise<ForwardOutcome | GatewayError> => {
    if (ending?.why !== undefined) throw ending.why;
    const next = new Exchange(options);
    ending?.of(next);
    return next.run(lane.dispatcher, request);
  };
  const first = await exchange();
  const outcome =
    first instanceof GatewayError && first.code === 'UpstreamBroken' && repeatable && !call.signal.aborted
      ? await exchange()
      : first;
  if (outcome instanceof GatewayError) throw outcome;
  return outcome;
}

/** One request to the API server, and its answer on the way to the client. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #options: ForwardOptions;
  readonly #started: number;
  #resolve: (outcome: ForwardOutcome | GatewayError) => void = () => undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #sent = false;
  #status = 0;
  #upstreamMs = 0;
  /** Set while a refusal is kept back. */
  #keptBack: { readonly headers: string[]; readonly chunks: Buffer[]; bytes: number } | undefined;
  #settled = false;
  #capture: BodyCapture | undefined;
  #masked: MaskedAnswer | undefined;
  /** Milliseconds of masking since others had their turn. */
  #maskingMs = 0;
  /** Of what is to have happened before more of the answer is taken. */
  #awaitsDrain = false;
  #awaitsTurn = false;
  #answerEnd: AnswerEnd | undefined;

  constructor(options: ForwardOptions) {
    this.#options = options;
    this.#started = options.now();
  }

  run(dispatcher: Dispatcher, request: Dispatcher.DispatchOptions): Promise<ForwardOutcome | GatewayError> {
    const { signal } = this.#options.call;
    return new Promise((resolve) => {
      this.#resolve = resolve;
      signal.addEventListener('abort', this.#onAbort, { once: true });
      this.#options.response.on('drain', this.#onDrain);
      dispatcher.dispatch(request, this);
    });
  }

  /** Ends the answer from inside: no byte of the API server goes to the client from here on. */
  end(why: GatewayError): void {
    if (this.#settled) return;
    const { response } = this.#options;
    if (!response.headersSent) this.#settle(why);
    else {
      this.#settle({ status: this.#status, upstreamMs: this.#upstreamMs, complete: false, endedBy: why });
      endAnswer(response, this.#answerEnd?.lastWords(why));
    }
    // Closing a connection takes longer than telling a client: whoever is told next does not wait for it.
    setTimeout(() => this.#controller?.abort(why), ABORT_DELAY);
  }

  readonly #onAbort = (): void => this.#controller?.abort(new Error('the client has gone'));
  readonly #onDrain = (): void => {
    this.#awaitsDrain = false;
    this.#resume();
  };

  #resume(): void {
    if (!this.#awaitsDrain && !this.#awaitsTurn && !this.#settled) this.#controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#sent = true;
    if (this.#settled || this.#options.call.signal.aborted) this.#onAbort();
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    message?: string,
  ): void {
    // Informational ones are the API server's to the gateway.
    if (status < 200 || this.#settled) return;
    this.#status = status;
    this.#upstreamMs = this.#options.now() - this.#started;
    const headers = responseHeaders(rawHeaderStrings(controller.rawHeaders), this.#options.call.auditID);
    if (status === 403) this.#keptBack = { headers, chunks: [], bytes: 0 };
    else this.#begin(headers, message);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return;
    const kept = this.#keptBack;
    if (kept === undefined) return this.#write(controller, chunk);
    kept.chunks.push(chunk);
    kept.bytes += chunk.length;
    if (kept.bytes > MAX_KEPT_BACK) this.#letGo(controller);
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    if (this.#settled) return;
    const { response } = this.#options;
    if (this.#keptBack !== undefined) {
      if (isOwnRightsRefusal(Buffer.concat(this.#keptBack.chunks)))
        return this.#settle(new GatewayError('RightsLagging'));
      this.#letGo(controller);
    }
    if (!this.#writeMasked(() => this.#masked?.end())) return;
    const trailers = rawHeaderStrings(controller.rawTrailers);
    if (trailers.length > 0 && !response.hasHeader('content-length')) response.addTrailers(pairs(trailers));
    response.end();
    this.#settle({ status: this.#status, upstreamMs: this.#upstreamMs, complete: true });
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#settled) return;
    const { response, call } = this.#options;
    if (response.headersSent) {
      // Cut, not ended: the client must not take what it has for all there is.
      response.destroy();
      return this.#settle({ status: this.#status, upstreamMs: this.#upstreamMs, complete: false });
    }
    this.#settle(failureOf(error, { method: call.attributes.method, sent: this.#sent }));
  }

  #begin(headers: string[], message?: string): void {
    const { response, call } = this.#options;
    if (!this.#mask(headers)) return;
    this.#capture = this.#options.recording.answered(this.#status, headers);
    const sent = this.#masked === undefined ? headers : withoutLength(headers);
    if (call.attributes.longRunning) this.#answerEnd = answerEnd(call.attributes, this.#status, sent);
    if (message === undefined || message === '') response.writeHead(this.#status, sent);
    else response.writeHead(this.#status, message, sent);
    // A watch may be silent for long: the client is to see that it has begun.
    if (call.attributes.longRunning) response.flushHeaders();
  }

  #write(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#capture?.push(chunk);
    if (this.#masked === undefined) this.#pass(controller, chunk);
    else {
      const started = this.#options.now();
      this.#writeMasked(() => this.#masked?.push(chunk), controller);
      this.#giveWay(controller, this.#options.now() - started);
    }
  }

  /** Leaves the loop to others once masking has had its share of it. */
  #giveWay(controller: Dispatcher.DispatchController, maskingMs: number): void {
    this.#maskingMs += maskingMs;
    if (this.#maskingMs < MASKING_SLICE || this.#awaitsTurn || this.#settled) return;
    this.#awaitsTurn = true;
    controller.pause();
    setImmediate(() => {
      this.#awaitsTurn = false;
      this.#maskingMs = 0;
      this.#resume();
    });
  }

  #pass(controller: Dispatcher.DispatchController | undefined, chunk: Buffer): void {
    this.#answerEnd?.passed(chunk);
    if (this.#options.response.write(chunk)) return;
    this.#awaitsDrain = true;
    controller?.pause();
  }

  /** Finds out whether and how the answer is masked. False where it cannot be, and so is not passed on. */
  #mask(headers: readonly string[]): boolean {
    const { call } = this.#options;
    const masker = call.masking.response;
    if (masker === undefined) return true;
    return this.#guarded(() => {
      this.#masked = newMaskedAnswer({
        masker,
        attributes: call.attributes,
        status: this.#status,
        contentType: headerOf(headers, 'content-type'),
        contentEncoding: headerOf(headers, 'content-encoding'),
      });
    });
  }

  #writeMasked(masked: () => Buffer | undefined, controller?: Dispatcher.DispatchController): boolean {
    return this.#guarded(() => {
      const bytes = masked();
      if (bytes !== undefined && bytes.length > 0) this.#pass(controller, bytes);
    });
  }

  /** Runs what may find that the answer cannot be masked: then nothing more of it goes to the client. */
  #guarded(run: () => void): boolean {
    try {
      run();
      return true;
    } catch (error) {
      if (!(error instanceof UndecodableBody)) throw error;
      const detail = error.message;
      this.end(new GatewayError('AnswerNotMaskable', { detail, cause: error }));
      return false;
    }
  }

  #letGo(controller: Dispatcher.DispatchController): void {
    const kept = this.#keptBack;
    if (kept === undefined) return;
    this.#keptBack = undefined;
    this.#begin(kept.headers);
    if (this.#settled) return;
    for (const chunk of kept.chunks) this.#write(controller, chunk);
  }

  #settle(outcome: ForwardOutcome | GatewayError): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#options.call.signal.removeEventListener('abort', this.#onAbort);
    this.#options.response.off('drain', this.#onDrain);
    this.#resolve(outcome);
  }
}

/** A body as it passes, with what is to be captured of it. */
function captured(body: Readable, capture: BodyCapture | undefined): Readable {
  if (capture === undefined) return body;
  const passed = new PassThrough();
  body.on('data', (chunk: Buffer) => capture.push(chunk));
  pipeline(body, passed, () => undefined);
  return passed;
}

/** Masking changes how long a body is, and what a digest of it would say. */
const withoutLength = (headers: readonly string[]): string[] =>
  headers.filter((_, at) => {
    const name = headers[at - (at % 2)]?.toLowerCase();
    return name !== 'content-length' && name !== 'etag' && name !== 'content-md5';
  });

function endAnswer(response: ServerResponse, lastWords: Buffer | undefined): void {
  if (lastWords === undefined) {
    response.destroy();
    return;
  }
  const timer = setTimeout(() => response.destroy(), LAST_WORDS_TIMEOUT);
  response.once('close', () => clearTimeout(timer));
  response.end(lastWords);
}

const pairs = (raw: readonly string[]): [string, string][] =>
  Array.from({ length: Math.floor(raw.length / 2) }, (_, at) => [raw[2 * at] ?? '', raw[2 * at + 1] ?? '']);
