import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import type { GatewayContext } from '../gateway-context.ts';
import { VIA_KEY } from '@chaperone/proxy/authn/identity';
import { REPLICA } from '@chaperone/e2e/stack/gateway';

/** A request as bytes go over the wire, as far as a client chooses them. */
export interface RawRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** An answer, nothing decoded: neither joined headers nor an inflated body. */
export interface RawAnswer {
  readonly status: number;
  readonly statusMessage: string;
  /** In order, in the case in which they came. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
  readonly trailers: readonly string[];
}

export type Exchange = (request: RawRequest) => Promise<RawAnswer>;

export interface RawPaths {
  readonly direct: Exchange;
  readonly gateway: Exchange;
  close(): void;
}

/** Both ways by HTTP/1.1, for a caller of this name: the direct one as the administrator who impersonates it. */
export async function rawPaths(
  context: GatewayContext,
  { token, user, groups }: { readonly token: string; readonly user: string; readonly groups: readonly string[] },
): Promise<RawPaths> {
  const ca = readFileSync(context.caFile, 'utf8');
  const agents = {
    direct: new Agent({ keepAlive: true, ca, ...administrator(context) }),
    gateway: new Agent({ keepAlive: true, ca }),
  };
  const impersonation = {
    'Impersonate-User': user,
    'Impersonate-Uid': user,
    'Impersonate-Group': [...groups],
    [`Impersonate-Extra-${VIA_KEY.replace('/', '%2F')}`]: REPLICA,
  };
  return {
    direct: (wanted) => exchange(agents.direct, context.kubeApiUrl, wanted, impersonation),
    gateway: (wanted) => exchange(agents.gateway, context.url, wanted, { Authorization: `Bearer ${token}` }),
    close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

function exchange(
  agent: Agent,
  server: string,
  { method = 'GET', path, headers, body }: RawRequest,
  credentials: Readonly<Record<string, string | string[]>>,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(server);
  // Node frames no body of a DELETE by itself.
  const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const sent = request(
      // Not through URL, which would rewrite the path.
      {
        agent,
        hostname,
        port,
        method,
        path,
        headers: { Accept: 'application/json', ...length, ...headers, ...credentials },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const { rawHeaders, rawTrailers, statusCode = 0, statusMessage = '' } = response;
          const pairs = rawHeaders.flatMap((name, at) =>
            at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as const] : [],
          );
          resolve({
            status: statusCode,
            statusMessage,
            headers: pairs,
            body: Buffer.concat(chunks),
            trailers: rawTrailers,
          });
        });
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}

/** The administrator's certificate, out of the kubeconfig. */
function administrator({ adminKubeconfig }: GatewayContext): { readonly cert: Buffer; readonly key: Buffer } {
  const config = readFileSync(adminKubeconfig, 'utf8');
  const data = (field: string): Buffer => {
    const found = new RegExp(`${field}: *([A-Za-z0-9+/=]+)`).exec(config)?.[1];
    if (found === undefined) throw new Error(`the kubeconfig has no ${field}`);
    return Buffer.from(found, 'base64');
  };
  return { cert: data('client-certificate-data'), key: data('client-key-data') };
}
