import { Pool, type Dispatcher } from 'undici';

/** Where requests go, and as whom. */
export interface Path {
  readonly name: 'direct' | 'gateway';
  readonly origin: string;
  readonly ca: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Load {
  readonly target: string;
  readonly connections: number;
  readonly durationMs: number;
}

export interface LoadResult {
  readonly perSecond: number;
  /** Milliseconds of each request. */
  readonly latencies: readonly number[];
}

/** A closed loop on each connection: the next request goes out when the answer before it has ended. */
export async function generateLoad(path: Path, { target, connections, durationMs }: Load): Promise<LoadResult> {
  const pool = new Pool(path.origin, { connections, allowH2: false, connect: { ca: path.ca } });
  const latencies: number[] = [];
  const started = performance.now();
  const until = started + durationMs;
  const request: Dispatcher.DispatchOptions = { path: target, method: 'GET', headers: { ...path.headers } };

  async function loop(): Promise<void> {
    for (let before = performance.now(); before < until; before = performance.now()) {
      await once(pool, request);
      latencies.push(performance.now() - before);
    }
  }
  await Promise.all(Array.from({ length: connections }, loop));
  const seconds = (performance.now() - started) / 1_000;
  await pool.close();
  return { perSecond: latencies.length / seconds, latencies };
}

function once(pool: Pool, request: Dispatcher.DispatchOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    let status = 0;
    pool.dispatch(request, {
      onRequestStart: () => undefined,
      onResponseData: () => undefined,
      onResponseStart(_controller, code) {
        status = code;
      },
      onResponseEnd() {
        if (status === 200) resolve();
        else reject(new Error(`answered with ${status}`));
      },
      onResponseError(_controller, error) {
        reject(error);
      },
    });
  });
}
