import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chain } from '@chaperone/proxy/chain';
import type { CallReport } from '@chaperone/proxy/call/call-report';
import { newBodyBudget } from '@chaperone/proxy/call/request-body';
import { GatewayError } from '@chaperone/proxy/gateway-error';
import { newUpgradeHandler } from '@chaperone/proxy/serving/serve-upgrade';
import { newFakeClock } from '@chaperone/test/faults/fake-clock';
import { compiled, rule } from '@chaperone/test/policy/builders';
import { agent, bundleOf, NOW, settledCall } from '@chaperone/test/policy/calls';
import { decide } from '@chaperone/proxy/policy/engine';
import { Agent } from 'undici';

/** A connection with all that has come over it. */
export interface Peer {
  readonly socket: Socket;
  received(): Buffer;
  /** Waits until this has come. */
  says(text: string | Buffer): Promise<void>;
  /** Leaves its own half as it is when the other side ends; by itself it ends it then. */
  stayHalfOpen(): void;
  /** Whether the other side has ended its half. */
  readonly ended: Promise<unknown>;
  readonly closed: Promise<unknown>;
}

function peerOf(socket: Socket): Peer {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  let halfOpen = false;
  socket.once('end', () => {
    if (!halfOpen) socket.end();
  });
  const received = (): Buffer => Buffer.concat(chunks);
  return {
    socket,
    received,
    stayHalfOpen: () => void (halfOpen = true),
    async says(text) {
      const deadline = Date.now() + 4_000;
      while (!received().includes(text)) {
        if (Date.now() > deadline) throw new Error(`it has said ${JSON.stringify(received().toString('latin1'))}`);
        await sleep(5);
      }
    },
    ended: new Promise((resolve) => void socket.once('end', () => resolve(undefined))),
    closed: new Promise((resolve) => void socket.once('close', () => resolve(undefined))),
  };
}

export interface UpgradeDoubles {
  /** Connects as a client and sends this; answers the connection and what has become of the call. */
  open(request: string): Promise<Peer>;
  /** The next connection to the API server, once it has sent its request. */
  upstream(): Promise<Peer>;
  /** Connections to the API server that are open. */
  upstreams(): number;
  /** Connections of clients that the gateway holds. */
  clients(): number;
  /** Ends the session that was entered last. */
  end(why: GatewayError): void;
  /** Sessions that are entered. */
  live(): number;
  /** What became of calls. */
  readonly reports: CallReport[];
  close(): Promise<void>;
}

const listening = async (server: Server): Promise<number> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo; // oxlint-disable-line typescript/no-unsafe-type-assertion -- a TCP server
  return address.port;
};

/**
 * The gateway's serving of upgrades between a client and an API server whose bytes a test writes by hand: for what no real
 * API server can be made to answer. What comes before in the chain has allowed the call.
 */
export async function newUpgradeDoubles(): Promise<UpgradeDoubles> {
  const connections: Peer[] = [];
  const sockets = new Set<Socket>();
  const apiServer = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const peer = peerOf(socket);
    peer.says('\r\n\r\n').then(
      () => {
        connections.push(peer);
      },
      () => undefined,
    );
  });
  const origin = `http://127.0.0.1:${await listening(apiServer)}`;
  const dispatcher = new Agent({ allowH2: false });

  const chain: Chain = async (call, report, forward) => {
    const line = `${call.attributes.method} ${call.attributes.upstreamTarget}`;
    const bundle = bundleOf([
      compiled('allow', [
        rule('all', { verbs: ['*'], resources: ['pods', 'pods/exec', 'pods/proxy', 'pods/portforward', 'pods/log'] }),
      ]),
    ]);
    const input = settledCall(line);
    const decision = decide(bundle, input);
    if (decision.verdict !== 'Allow') throw new GatewayError('PolicyDenied');
    const { apiGroup, resource, subresource, namespace } = call.attributes;
    const masking = bundle.masking.maskingOf({ apiGroup, resource, subresource, namespace, identity: agent });
    await forward({ ...call, identity: agent, bundle, input, masking, decision }, report);
  };
  const ends = new Set<(why: GatewayError) => void>();
  const reports: CallReport[] = [];
  const lane = {
    origin,
    basePath: '',
    dispatcher,
    credential: { authorization: 'Bearer of-the-gateway', via: 'replica' },
  };
  const serve = newUpgradeHandler({
    chain,
    recorder: { follow: () => ({ sent: () => undefined, sending: () => undefined, answered: () => undefined }) },
    upstream: {
      calls: async () => lane,
      streams: async () => lane,
      upgrades: async () => lane,
      close: async () => undefined,
    },
    streams: {
      enter(_call, end) {
        ends.add(end);
        return () => void ends.delete(end);
      },
      count: () => ends.size,
    },
    clock: newFakeClock(NOW),
    bodies: { limits: { bytes: 1_000, streamBytes: 1_000, timeoutMs: 1_000 }, budget: newBodyBudget(4_000) },
    originOf: () => ({ clientAddress: '192.0.2.1', clientCertificate: false }),
    ended: (report) => reports.push(report),
  });
  const gateway = createHttpServer();
  gateway.on('upgrade', serve);
  const held = new Set<Socket>();
  gateway.on('connection', (socket: Socket) => {
    held.add(socket);
    socket.once('close', () => held.delete(socket));
  });
  const port = await listening(gateway);
  const clients: Socket[] = [];

  return {
    async open(request) {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      clients.push(socket);
      await once(socket, 'connect');
      socket.write(request, 'latin1');
      return peerOf(socket);
    },
    async upstream() {
      for (;;) {
        const next = connections.shift();
        if (next !== undefined) return next;
        await sleep(5);
      }
    },
    upstreams: () => sockets.size,
    clients: () => held.size,
    end: (why) => [...ends].at(-1)?.(why),
    live: () => ends.size,
    reports,
    async close() {
      for (const socket of [...clients, ...sockets]) socket.destroy();
      await dispatcher.destroy();
      await Promise.all([apiServer, gateway].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}
