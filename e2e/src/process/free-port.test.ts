import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { choosePorts } from './free-port.ts';

let server: Server | undefined;
afterEach(() => void server?.close());

async function takenPort(): Promise<number> {
  server = createServer();
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const request = { first: { variable: 'FIRST_PORT' }, second: { variable: 'SECOND_PORT' } };

describe('choosing ports', () => {
  test('gives every name a port of its own', async () => {
    const ports = await choosePorts(request, {});
    expect(ports.first).not.toBe(ports.second);
    // Outgoing connections are given ports from 32768 on.
    expect(Math.max(ports.first, ports.second)).toBeLessThan(30_000);
    expect(Math.min(ports.first, ports.second)).toBeGreaterThanOrEqual(20_000);
  });

  test('takes the port that is asked for', async () => {
    const [free] = Object.values(await choosePorts({ one: { variable: '' } }, {}));
    const ports = await choosePorts(request, { FIRST_PORT: String(free) });
    expect(ports.first).toBe(free);
  });

  test('a port that is taken is told with the setting that asked for it', async () => {
    const port = await takenPort();
    await expect(choosePorts(request, { SECOND_PORT: String(port) })).rejects.toThrow(
      `port ${port} on 127.0.0.1 is taken: set SECOND_PORT to a free one`,
    );
  });

  test.each(['0', '65536', '-1', '80x', '1.5'])('%s is no port', async (value) => {
    await expect(choosePorts(request, { FIRST_PORT: value })).rejects.toMatchObject({ code: 'BadOption' });
  });
});
