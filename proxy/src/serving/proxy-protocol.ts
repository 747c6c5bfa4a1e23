import type { Socket } from 'node:net';
import { withoutMapping, type AddressRanges } from './address-ranges.ts';
import { MAX_HEADER_BYTES, readProxyProtocol, type ProxyProtocolReading } from './proxy-protocol-header.ts';
import type { Preamble } from './server.ts';

/** Reads the PROXY protocol's header of every connection, and remembers what it says while the connection lasts. */
export interface ProxyProtocol extends Preamble {
  /** The client's address of a connection; undefined where the header has none. */
  sourceOf(connection: Pick<Socket, 'remoteAddress' | 'remotePort'>): string | undefined;
}

export interface ProxyProtocolOptions {
  /** From where headers are believed; connections from elsewhere are closed. */
  readonly trusted: AddressRanges;
  /** For the header to arrive, in milliseconds. */
  readonly timeoutMs: number;
  /** Told of each connection that was closed. */
  readonly refused: () => void;
}

export function newProxyProtocol({ trusted, timeoutMs, refused }: ProxyProtocolOptions): ProxyProtocol {
  /** By the peer's address and port: the TLS socket over a connection has the same, and nothing else in common. */
  const sources = new Map<string, { readonly address: string }>();

  function refuse(socket: Socket): void {
    refused();
    socket.destroy();
  }

  return {
    sourceOf: (connection) => sources.get(peerOf(connection))?.address,
    read(socket, accept) {
      // Without a listener an error of the socket would end the process.
      socket.on('error', () => undefined);
      if (!trusted.includes(socket.remoteAddress ?? '')) return refuse(socket);
      const peer = peerOf(socket);
      collectHeader(socket, timeoutMs, (reading, rest) => {
        if (reading.kind !== 'header') return refuse(socket);
        if (reading.source !== undefined) {
          const source = { address: withoutMapping(reading.source) };
          sources.set(peer, source);
          // A port may be used again before the end of its last connection is seen.
          socket.once('close', () => {
            if (sources.get(peer) === source) sources.delete(peer);
          });
        }
        if (rest.length > 0) socket.unshift(rest);
        accept();
      });
    },
  };
}

const peerOf = ({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string =>
  `${remoteAddress ?? ''} ${remotePort ?? ''}`;

type Collected = (reading: ProxyProtocolReading, rest: Buffer) => void;

/** Reads until the header is there or cannot come any more; calls back once. */
function collectHeader(socket: Socket, timeoutMs: number, done: Collected): void {
  let bytes: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => finish({ kind: 'broken' }), timeoutMs);

  function finish(reading: ProxyProtocolReading): void {
    clearTimeout(timer);
    socket.off('readable', onReadable).off('close', onClose).off('end', onClose);
    done(reading, reading.kind === 'header' ? bytes.subarray(reading.length) : bytes);
  }
  function onReadable(): void {
    const chunk: unknown = socket.read();
    if (!Buffer.isBuffer(chunk)) return;
    bytes = Buffer.concat([bytes, chunk]);
    const reading = readProxyProtocol(bytes);
    if (reading.kind !== 'incomplete') finish(reading);
    else if (bytes.length > MAX_HEADER_BYTES) finish({ kind: 'broken' });
  }
  const onClose = (): void => finish({ kind: 'broken' });

  socket.on('readable', onReadable).once('close', onClose).once('end', onClose);
}
