import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { Agent, request } from 'undici';

/** A stream that is being read: a watch, a followed log. */
export interface OpenStream {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** All that has come so far. */
  bytes(): Buffer;
  text(): string;
  /** Resolves when nothing more comes: whether the server said that this was all, and when (of `performance`). */
  readonly end: Promise<{ readonly clean: boolean; readonly at: number }>;
  /** Whether it has ended. */
  hasEnded(): boolean;
  close(): void;
}

export interface StreamOpener {
  open(path: string, token: string, headers?: Readonly<Record<string, string>>): Promise<OpenStream>;
  close(): Promise<void>;
}

/** Opens streams on a gateway, each on a connection of its own. */
export function newStreamOpener(gateway: { readonly url: string; readonly caFile: string }): StreamOpener {
  const dispatcher = new Agent({
    connect: { ca: readFileSync(gateway.caFile, 'utf8') },
    allowH2: false,
    bodyTimeout: 0,
    headersTimeout: 30_000,
  });
  return {
    async open(path, token, headers = {}) {
      const stop = new AbortController();
      const answer = await request(`${gateway.url}${path}`, {
        dispatcher,
        headers: { authorization: `Bearer ${token}`, ...headers },
        signal: stop.signal,
      });
      const chunks: Buffer[] = [];
      let ended = false;
      answer.body.on('data', (chunk: Buffer) => chunks.push(chunk));
      const end = new Promise<{ clean: boolean; at: number }>((resolve) => {
        const finish = (clean: boolean): void => {
          ended = true;
          resolve({ clean, at: performance.now() });
        };
        answer.body.once('end', () => finish(true)).once('error', () => finish(false));
      });
      const bytes = (): Buffer => Buffer.concat(chunks);
      return {
        status: answer.statusCode,
        headers: answer.headers,
        bytes,
        text: () => bytes().toString('utf8'),
        end,
        hasEnded: () => ended,
        close: () => stop.abort(),
      };
    },
    close: () => dispatcher.destroy(),
  };
}
