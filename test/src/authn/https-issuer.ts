import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { newCertificateAuthority } from '@chaperone/e2e/certificates/authority';
import type { IssuerConfiguration } from '@chaperone/proxy/authn/issuer-rules';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** An issuer over TLS on loopback that says what a test wants and counts what it is asked. */
export interface HttpsIssuer {
  readonly configuration: IssuerConfiguration;
  /** Paths of the requests so far, in order. */
  readonly requests: readonly string[];
  /** Answers requests for a path from now on. */
  on(path: string, answer: Answer): void;
  /** Publishes these keys from now on. */
  publish(keySet: unknown): void;
  /** Closes the port and cuts every connection. */
  refuse(): Promise<void>;
  /** Opens the same port again. */
  accept(): Promise<void>;
}

export const DISCOVERY_PATH = '/.well-known/openid-configuration';
export const KEYS_PATH = '/keys';

/** Answers 200 with JSON. */
export function json(value: unknown): Answer {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
}

/** Starts one; `refuse` ends it. */
export async function startHttpsIssuer(audiences: readonly string[] = ['chaperone']): Promise<HttpsIssuer> {
  const authority = await newCertificateAuthority('authority of an https issuer');
  const { certificate, key } = await authority.issue({
    commonName: 'https issuer',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
    usages: ['server'],
  });
  const answers = new Map<string, Answer>();
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ cert: certificate, key }, (request, response) => {
    const path = request.url ?? '';
    requests.push(path);
    const answer = answers.get(path);
    if (answer === undefined) response.writeHead(404).end();
    else answer(request, response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await listen(server, 0);
  const { port } = addressOf(server.address());
  const url = `https://127.0.0.1:${port}`;
  answers.set(DISCOVERY_PATH, json({ issuer: url, jwks_uri: `${url}${KEYS_PATH}` }));
  answers.set(KEYS_PATH, json({ keys: [] }));
  return {
    configuration: {
      url,
      discoveryUrl: `${url}${DISCOVERY_PATH}`,
      certificateAuthority: [authority.keyPair.certificate],
      audiences,
    },
    requests,
    on: (path, answer) => void answers.set(path, answer),
    publish: (keySet) => void answers.set(KEYS_PATH, json(keySet)),
    refuse: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        sockets.forEach((socket) => socket.destroy());
      }),
    accept: () => listen(server, port),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new TypeError('the issuer has no TCP address');
  return address;
}
