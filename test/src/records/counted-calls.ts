import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'undici';

/** What a client knows of the calls that it has made. */
export interface CountedCalls {
  /** When each call was answered whole, whatever the answer, by its Audit-Id. Monotonic milliseconds. */
  readonly answered: ReadonlyMap<string, number>;
  /** Audit-Ids of calls whose answer began and was cut. */
  readonly cut: ReadonlySet<string>;
  /** Calls that were sent and not answered: their connection broke. */
  readonly broken: number;
  /** Answers by their status. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Calls that are under way now. */
  inFlight(): number;
  /** Resolves when all are answered. */
  readonly done: Promise<void>;
}

export interface CountedCallsOptions {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
  /** To be served; what breaks, and what a gateway refuses while it starts, is made again. */
  readonly calls: number;
  readonly connections: number;
  /** Of all connections together. */
  readonly perSecond: number;
  readonly request: (number: number) => {
    readonly method: 'GET' | 'POST';
    readonly path: string;
    readonly body?: string;
  };
}

const RETRY_MS = 100;
const UNAVAILABLE = 503;

/** Makes calls at an even rate on connections of their own, and keeps count of what came of each. */
export function makeCountedCalls(options: CountedCallsOptions): CountedCalls {
  const { url, ca, token, calls, connections, perSecond } = options;
  const answered = new Map<string, number>();
  const cut = new Set<string>();
  const statuses = new Map<number, number>();
  const started = performance.now();
  let next = 0;
  let inFlight = 0;
  let broken = 0;

  /** Returns the status. */
  async function callOnce(client: Client, number: number): Promise<number> {
    const { method, path, body } = options.request(number);
    let auditID: string | undefined;
    inFlight += 1;
    try {
      const answer = await client.request({
        method,
        path,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: body ?? null,
      });
      auditID = String(answer.headers['audit-id']);
      await answer.body.dump({ limit: Number.POSITIVE_INFINITY });
      answered.set(auditID, performance.now());
      statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1);
      return answer.statusCode;
    } catch (error) {
      if (auditID !== undefined) cut.add(auditID);
      // Nothing was sent where there was no connection.
      else if (!isRefused(error)) broken += 1;
      throw error;
    } finally {
      inFlight -= 1;
    }
  }

  async function loop(): Promise<void> {
    const client = new Client(url, { connect: { ca }, allowH2: false, pipelining: 1 });
    for (let number = next++; number < calls; number = next++) {
      await sleep(Math.max(0, started + (number / perSecond) * 1_000 - performance.now()));
      while ((await callOnce(client, number).catch(() => UNAVAILABLE)) === UNAVAILABLE) await sleep(RETRY_MS);
    }
    await client.close();
  }

  const done = Promise.all(Array.from({ length: connections }, loop)).then(() => undefined);
  return {
    answered,
    cut,
    statuses,
    done,
    inFlight: () => inFlight,
    get broken() {
      return broken;
    },
  };
}

const isRefused = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
