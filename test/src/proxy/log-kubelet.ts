import { createServer } from 'node:https';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newCertificateAuthority } from '@chaperone/e2e/certificates/authority';

/** Stands in for the kubelet of a machine without one: it knows nothing but logs, whose lines a test writes. */
export interface LogKubelet {
  readonly port: number;
  /** Writes to every log that is being read. */
  write(text: string): void;
  /** Whether it answers at all, from now on. */
  answers(does: boolean): void;
  /** How many logs are being read, or waited for. */
  readers(): number;
  close(): Promise<void>;
}

export async function startLogKubelet(): Promise<LogKubelet> {
  const authority = await newCertificateAuthority('authority of a kubelet that has only logs');
  const { certificate, key } = await authority.issue({
    commonName: 'kubelet',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
    usages: ['server'],
  });
  let answering = true;
  const readers = new Set<ServerResponse>();
  const server = createServer({ cert: certificate, key }, (_request, response) => {
    readers.add(response);
    response.once('close', () => readers.delete(response));
    if (!answering) return;
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.flushHeaders();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on TCP
  const { port } = server.address() as AddressInfo;
  return {
    port,
    write: (text) => readers.forEach((response) => response.write(text)),
    answers: (does) => (answering = does),
    readers: () => readers.size,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
