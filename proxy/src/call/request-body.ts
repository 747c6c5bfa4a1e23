import type { IncomingMessage } from 'node:http';
import { Transform, type Readable } from 'node:stream';
import { GatewayError } from '../gateway-error.ts';

/** The body of a request: read whole at most once, and only when somebody needs it. */
export interface RequestBody {
  /** Whether there is one, by its framing; an empty one counts as none. */
  readonly present: boolean;
  /** Says whose it is, before anything of it is read: each caller has a share of the memory for bodies. */
  claim(caller: string): void;
  /**
   * Reads it whole. The bytes stay in memory, and count, until `release`.
   * @throws GatewayError
   */
  read(): Promise<Buffer>;
  /**
   * The body as it arrives, for calls whose bodies have no bound of their own. Ends with an error past `streamBytes`.
   * @throws GatewayError
   */
  stream(): Readable;
  /** Gives back what it counts for. Harmless when repeated. */
  release(): void;
}

export interface BodyLimits {
  /** Of one body that is read whole. The API server takes 3 MiB of most resources. */
  readonly bytes: number;
  /** Of one body that is streamed. */
  readonly streamBytes: number;
  /** Milliseconds for a body to arrive. */
  readonly timeoutMs: number;
}

/** Memory for bodies, over all calls. */
export interface BodyBudget {
  /** False where that much is not left, or not for this caller. */
  take(caller: string, bytes: number): boolean;
  giveBack(caller: string, bytes: number): void;
}

/** Uploads that are held back on purpose take a caller's own share and no more. */
const SHARE_OF_ONE = 1 / 4;

export function newBodyBudget(bytes: number): BodyBudget {
  const share = bytes * SHARE_OF_ONE;
  const taken = new Map<string, number>();
  let left = bytes;
  return {
    take(caller, wanted) {
      const held = (taken.get(caller) ?? 0) + wanted;
      if (wanted > left || held > share) return false;
      left -= wanted;
      taken.set(caller, held);
      return true;
    },
    giveBack(caller, returned) {
      left += returned;
      const held = (taken.get(caller) ?? 0) - returned;
      if (held > 0) taken.set(caller, held);
      else taken.delete(caller);
    },
  };
}

export interface RequestBodyOptions {
  readonly request: IncomingMessage;
  readonly limits: BodyLimits;
  readonly budget: BodyBudget;
  /** Called once before the first byte is asked for: answers `Expect: 100-continue`. */
  readonly invite: () => void;
}

/** Framing was checked with the headers: at most one Content-Length, or chunked. */
export function newRequestBody({ request, limits, budget, invite }: RequestBodyOptions): RequestBody {
  const declared = Number(request.headers['content-length'] ?? '0');
  const chunked = request.headers['transfer-encoding'] !== undefined;
  let owner = '';
  let taken = 0;
  let reading: Promise<Buffer> | undefined;

  function take(bytes: number): void {
    if (!budget.take(owner, bytes)) throw new GatewayError('TooManyBodies');
    taken += bytes;
  }

  async function readWhole(): Promise<Buffer> {
    if (!chunked && declared === 0) return EMPTY;
    if (declared > limits.bytes) throw tooLarge(limits.bytes);
    // Of a connection that has gone already no event would tell any more.
    if (request.destroyed) throw new GatewayError('BodyIncomplete');
    // What was declared is taken at once, so that many slow uploads cannot all start and none end.
    take(declared);
    invite();
    return collect(request, limits, (total) => {
      if (total > taken) take(total - taken);
    });
  }

  return {
    present: chunked || declared > 0,
    claim(caller) {
      owner = caller;
    },
    read() {
      reading ??= readWhole();
      return reading;
    },
    stream() {
      if (declared > limits.streamBytes) throw tooLarge(limits.streamBytes);
      invite();
      return bounded(request, limits.streamBytes);
    },
    release() {
      budget.giveBack(owner, taken);
      taken = 0;
    },
  };
}

const EMPTY = Buffer.alloc(0);

const tooLarge = (bytes: number): GatewayError =>
  new GatewayError('BodyTooLarge', { detail: `more than ${bytes} bytes` });

/**
 * The body as it arrives, up to its bound. Past it this stream ends with an error and not the request itself: that would
 * take the connection with it, and the answer.
 */
function bounded(request: IncomingMessage, most: number): Readable {
  let total = 0;
  const passed = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      total += chunk.length;
      if (total > most) done(tooLarge(most));
      else done(null, chunk);
    },
  });
  const cut = (): void => {
    if (!request.readableEnded) passed.destroy(new GatewayError('BodyIncomplete'));
  };
  // Whoever sends it on hears of it, too; without a listener it would end the process where nobody does.
  passed.on('error', () => undefined);
  if (request.destroyed) cut();
  request.once('close', cut);
  return request.pipe(passed);
}

/** Reads all that comes, or fails with a GatewayError. */
function collect(request: IncomingMessage, limits: BodyLimits, grown: (total: number) => void): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let total = 0;
    const timer = setTimeout(() => finish(new GatewayError('BodyTooSlow')), limits.timeoutMs);

    function finish(error?: GatewayError): void {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken);
      // An error that comes after must not be unhandled.
      request.on('error', () => undefined);
      if (error === undefined)
        resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
      else {
        request.pause();
        reject(error);
      }
    }
    function onData(chunk: Buffer): void {
      total += chunk.length;
      if (total > limits.bytes) return finish(tooLarge(limits.bytes));
      try {
        grown(total);
      } catch (error) {
        return finish(error instanceof GatewayError ? error : new GatewayError('Internal', { cause: error }));
      }
      chunks.push(chunk);
    }
    const onEnd = (): void => finish();
    const onBroken = (): void => finish(new GatewayError('BodyIncomplete'));

    request.on('data', onData).once('end', onEnd).once('error', onBroken).once('close', onBroken);
  });
}
