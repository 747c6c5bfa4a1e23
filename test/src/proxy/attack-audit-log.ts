import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { vi, expect } from 'vitest';
import type { GatewayClient } from './gateway-client.ts';
import type { GatewayContext } from './gateway-context.ts';

/** Of an event of audit.k8s.io/v1, what attacks are judged by. */
export interface AuditEvent {
  readonly auditID: string;
  readonly stage: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly impersonatedUser?: {
    readonly username: string;
    readonly uid?: string;
    readonly groups?: readonly string[];
    readonly extra?: Readonly<Record<string, readonly string[]>>;
  };
  readonly sourceIPs: readonly string[];
  readonly userAgent?: string;
}

/** The API server's own account of what reached it. */
export interface AuditLog {
  /** All events since the log was opened, once the API server has written every call that was made before. */
  events(): Promise<readonly AuditEvent[]>;
}

/**
 * Opens it at its end; what other tests did before is left out.
 *
 * @param token of somebody who may read /version
 */
export async function openAuditLog(
  context: GatewayContext,
  client: Pick<GatewayClient, 'call'>,
  token: string,
): Promise<AuditLog> {
  const file = await open(join(dirname(context.adminKubeconfig), 'audit.log'));
  let { size: position } = await file.stat();
  await file.close();
  let rest = '';
  const events: AuditEvent[] = [];
  let marks = 0;

  async function readOn(): Promise<void> {
    const log = await open(join(dirname(context.adminKubeconfig), 'audit.log'));
    try {
      const { size } = await log.stat();
      const bytes = Buffer.alloc(size - position);
      await log.read(bytes, 0, bytes.length, position);
      position = size;
      const lines = (rest + bytes.toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) events.push(parseEvent(line));
    } finally {
      await log.close();
    }
  }

  return {
    async events() {
      const mark = `/version?mark=${process.pid}-${(marks += 1)}`;
      expect(await client.call({ path: mark, token })).toMatchObject({ status: 200 });
      await vi.waitFor(
        async () => {
          await readOn();
          expect(events.some(({ requestURI }) => requestURI === mark)).toBe(true);
        },
        { timeout: 10_000, interval: 10 },
      );
      return events;
    },
  };
}

function parseEvent(line: string): AuditEvent {
  const value: unknown = JSON.parse(line);
  if (!isAuditEvent(value)) throw new TypeError(`Not an audit event: ${line.slice(0, 200)}`);
  return value;
}

const isAuditEvent = (value: unknown): value is AuditEvent =>
  typeof value === 'object' && value !== null && 'auditID' in value && 'requestURI' in value && 'user' in value;
