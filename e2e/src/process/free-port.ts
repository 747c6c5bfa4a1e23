import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { LaunchError } from './launch-error.ts';

/** A port chosen by the kernel, or the one asked for. `variable` names the setting in the message when it is taken. */
export interface PortRequest {
  readonly variable: string;
  readonly host?: string;
}

/**
 * Chooses a TCP port: the value of the environment variable where it is set, else a free one.
 *
 * A free port can be lost to another process between this call and its use; the process then fails to start and says
 * so. Ports are chosen together and held until all are known, so that two of ours never get the same one.
 */
export async function choosePorts<Name extends string>(
  requests: Readonly<Record<Name, PortRequest>>,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Record<Name, number>> {
  const names = Object.keys(requests) as Name[]; // oxlint-disable-line typescript/no-unsafe-type-assertion -- the keys of a Record<Name, …> are Names
  const outcomes = await Promise.allSettled(names.map((name) => hold(requests[name], environment)));
  const held = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  // Also when one was refused: a listener that stays would keep the process from ending.
  await Promise.all(held.map((one) => one.release()));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- built from exactly the names asked for
  return Object.fromEntries(names.map((name, index) => [name, held[index]?.port])) as Record<Name, number>;
}

/**
 * Where free ports are looked for: below the range that Linux gives to outgoing connections (32768 and up), or any
 * client of any server could take the port before its server binds it; and below NodePorts (30000 and up).
 */
const FIRST_CHOICE = 20_000;
const LAST_CHOICE = 29_999;
const ATTEMPTS = 100;

interface HeldPort {
  readonly port: number;
  readonly release: () => Promise<void>;
}

async function hold(
  request: PortRequest,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<HeldPort> {
  const host = request.host ?? '127.0.0.1';
  const wanted = parsePort(request.variable, environment[request.variable]);
  if (wanted !== undefined) {
    return listen(wanted, host).catch((cause: unknown) => {
      const message = `port ${wanted} on ${host} is taken: set ${request.variable} to a free one, or unset it to have one chosen`;
      throw new LaunchError('PortTaken', message, { cause });
    });
  }
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const held = await listen(randomInt(FIRST_CHOICE, LAST_CHOICE + 1), host).catch(() => undefined);
    if (held !== undefined) return held;
  }
  throw new LaunchError(
    'PortTaken',
    `no port from ${FIRST_CHOICE} to ${LAST_CHOICE} on ${host} is free: end what listens there`,
  );
}

function listen(port: number, host: string): Promise<HeldPort> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, host, () => {
      resolve({ port, release: () => new Promise((done) => server.close(() => done())) });
    });
  });
}

/** Undefined: none is asked for. */
function parsePort(variable: string, value: string | undefined): number | undefined {
  if (value === undefined || value === '') return undefined;
  const port = Number(value);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new LaunchError('BadOption', `${variable}=${value} is not a port: give a number from 1 to 65535, or unset it`);
}
