import { createServer, request, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type ServerOptions } from 'node:https';
import { buffer } from 'node:stream/consumers';

/** A bulk request on its way to the real server. */
export interface FrontRequest {
  readonly headers: IncomingMessage['headers'];
  readonly url: string;
  readonly body: Buffer;
}

export interface FrontAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What befalls one request. `forward` brings it to the real server. */
export type Fault = (
  request: FrontRequest,
  forward: () => Promise<FrontAnswer>,
  response: ServerResponse,
) => Promise<FrontAnswer | 'Done'>;

export interface ElasticsearchFront {
  readonly url: string;
  /** The first ones are forgotten when they are too many to keep. */
  readonly requests: readonly FrontRequest[];
  /** Faults of the requests to come, first come first; requests after them are passed on. */
  readonly faults: Fault[];
  /** What befalls every request from now on that none of those is for; undefined: nothing. */
  befall(fault: Fault | undefined): void;
  close(): Promise<void>;
}

/** Of the bodies that are kept. */
const KEPT_BYTES = 64 * 1024 * 1024;

/** Stands before a real Elasticsearch and does to requests what the real one does too seldom to wait for. */
export async function startElasticsearchFront(target: string, tls?: ServerOptions): Promise<ElasticsearchFront> {
  const requests: FrontRequest[] = [];
  const faults: Fault[] = [];
  let lasting: Fault | undefined;
  let kept = 0;

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    const given = { headers: incoming.headers, url: incoming.url ?? '', body };
    requests.push(given);
    kept += body.length;
    while (kept > KEPT_BYTES) kept -= requests.shift()?.body.length ?? kept;
    const forward = (): Promise<FrontAnswer> => pass(target, incoming, body);
    const fault = faults.shift() ?? lasting;
    const answer = await (fault === undefined ? forward() : fault(given, forward, response));
    if (answer === 'Done') return;
    response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  const listener: RequestListener = (incoming, response) => {
    serve(incoming, response).catch(() => response.destroy());
  };
  const server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the front has no port');
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}`,
    requests,
    faults,
    befall(fault) {
      lasting = fault;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

const HEADERS = ['content-type', 'x-elastic-product'];

function pass(
  target: string,
  { method = 'GET', url = '', headers }: IncomingMessage,
  body: Buffer,
): Promise<FrontAnswer> {
  return new Promise((resolve, reject) => {
    const { connection: _connection, 'transfer-encoding': _encoding, ...passed } = headers;
    const outgoing = request(
      `${target}${url}`,
      { method, headers: { ...passed, 'content-length': body.length } },
      (answer) => {
        buffer(answer).then((whole) => {
          const kept = HEADERS.flatMap((name) => {
            const value = answer.headers[name];
            return typeof value === 'string' ? [[name, value] as const] : [];
          });
          resolve({ status: answer.statusCode ?? 0, headers: Object.fromEntries(kept), body: whole });
        }, reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const JSON_HEADERS = {
  'content-type': 'application/vnd.elasticsearch+json;compatible-with=8',
  'x-elastic-product': 'Elasticsearch',
};

/** An answer as Elasticsearch gives one to a whole request that it refuses. */
export function refusal(status: number, type: string): FrontAnswer {
  const error = { root_cause: [{ type, reason: 'refused' }], type, reason: 'refused' };
  return { status, headers: JSON_HEADERS, body: Buffer.from(JSON.stringify({ error, status })) };
}
