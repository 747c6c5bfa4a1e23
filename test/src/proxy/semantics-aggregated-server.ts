import { createServer } from 'node:https';
import { newCertificateAuthority } from '@chaperone/e2e/certificates/authority';

export const GROUP = 'aggregated.semantics.example';
export const VERSION_PATH = `/apis/${GROUP}/v1`;

/** A server behind the aggregation layer that declares dry runs and carries them out, as the real one does not. */
export interface CarelessServer {
  readonly port: number;
  /** Methods and targets of what was asked of its objects. */
  readonly asked: readonly string[];
  close(): void;
}

const dryRun = { name: 'dryRun', in: 'query', schema: { type: 'string' } };
const responses = { 200: { description: 'OK' } };

const answers: Readonly<Record<string, unknown>> = {
  [VERSION_PATH]: {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: `${GROUP}/v1`,
    resources: [{ name: 'deeds', singularName: 'deed', namespaced: true, kind: 'Deed', verbs: ['create', 'get'] }],
  },
  '/openapi/v3': { paths: { [VERSION_PATH.slice(1)]: { serverRelativeURL: `/openapi/v3${VERSION_PATH}?hash=1` } } },
  [`/openapi/v3${VERSION_PATH}`]: {
    openapi: '3.0.0',
    info: { title: 'careless', version: 'v1' },
    paths: { [`${VERSION_PATH}/namespaces/{namespace}/deeds`]: { post: { parameters: [dryRun], responses } } },
  },
};

export async function startCarelessServer(): Promise<CarelessServer> {
  const authority = await newCertificateAuthority('authority of a careless server');
  const { certificate, key } = await authority.issue({
    commonName: 'careless',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
    usages: ['server'],
  });
  const asked: string[] = [];
  const server = createServer({ cert: certificate, key }, (request, response) => {
    const target = request.url ?? '';
    const path = target.split('?', 1)[0] ?? '';
    const answer = answers[path];
    if (answer === undefined && path.startsWith(VERSION_PATH)) asked.push(`${request.method} ${target}`);
    const isDeed = request.method === 'POST';
    request.resume();
    response.writeHead(isDeed ? 201 : answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(isDeed ? { apiVersion: `${GROUP}/v1`, kind: 'Deed', metadata: { name: 'd' } } : (answer ?? {})),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    asked,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
