import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { readAnswers, type RawAnswer } from './attack-answers.ts';

/** What is sent: bytes, text as Latin-1, or a pause in milliseconds. */
export type Part = string | Uint8Array | number;

export interface RawExchange {
  /** Final answers that arrived whole, in order; informational ones (1xx) are apart. */
  readonly answers: readonly RawAnswer[];
  readonly informational: readonly number[];
  /** All that arrived, as Latin-1. */
  readonly text: string;
  /** Whether the gateway ended the connection, however. */
  readonly closed: boolean;
}

export interface RawExchangeOptions {
  /** Waits for the gateway to end the connection, whatever was answered before. */
  readonly untilClosed?: boolean;
  /** The requests are HEAD, so that answers have no bodies. */
  readonly head?: boolean;
  /** Ends the sending side after the last part. */
  readonly end?: boolean;
  /** Milliseconds after which the test has what it has. */
  readonly timeout?: number;
  readonly tls?: Pick<ConnectionOptions, 'cert' | 'key'>;
}

/** Opens connections to a gateway and writes what no HTTP client would. */
export interface RawClient {
  exchange(parts: readonly Part[], options?: RawExchangeOptions): Promise<RawExchange>;
  /** A connection after the handshake, for tests that take their time; the caller destroys it. */
  open(): Promise<TLSSocket>;
}

export function newRawClient({ url, caFile }: { readonly url: string; readonly caFile: string }): RawClient {
  const { hostname, port } = new URL(url);
  const target = { host: hostname, port: Number(port), ca: readFileSync(caFile, 'utf8') };

  /** Handshakes take most of the time of an exchange; resumed ones take little. */
  let session: Buffer | undefined;

  return {
    exchange(parts, options = {}) {
      const resumed = options.tls === undefined && session !== undefined ? { session } : {};
      const socket = connect({ ...target, ...options.tls, ...resumed });
      if (options.tls === undefined) socket.on('session', (next) => (session = next));
      return exchange(socket, parts, options);
    },
    open: () =>
      new Promise((resolve, reject) => {
        const socket = connect(target, () => resolve(socket));
        socket.once('error', reject);
      }),
  };
}

const TIMEOUT = 10_000;

function exchange(socket: TLSSocket, parts: readonly Part[], options: RawExchangeOptions): Promise<RawExchange> {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0);
    let sent = false;
    const timer = setTimeout(() => finish(false), options.timeout ?? TIMEOUT);

    function finish(closed: boolean): void {
      clearTimeout(timer);
      socket.removeAllListeners();
      // What comes after it is of no interest, and must not end the test.
      socket.on('error', () => undefined);
      socket.destroy();
      resolve({ ...readAnswers(received, options.head), text: received.toString('latin1'), closed });
    }
    function look(): void {
      if (options.untilClosed === true || !sent) return;
      const { answers } = readAnswers(received, options.head);
      const last = answers.at(-1);
      if (last !== undefined && last.headers.get('connection')?.[0] !== 'close') finish(false);
    }
    async function send(): Promise<void> {
      for (const part of parts) {
        if (typeof part === 'number') await sleep(part);
        else if (socket.writable) socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part);
      }
      sent = true;
      if (options.end === true) socket.end();
      look();
    }
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, typeof chunk === 'string' ? Buffer.from(chunk) : chunk]);
      look();
    });
    socket.once('end', () => finish(true));
    socket.once('close', () => finish(true));
    socket.once('error', () => finish(true));
    socket.once('secureConnect', () => void send());
  });
}
