import { readFileSync } from 'node:fs';
import { startTestGateway, type TestGateway } from '@chaperone/e2e/stack/test-gateway';
import { expect, vi } from 'vitest';
import { newGatewayClient, type CallAnswer, type GatewayClient } from '../proxy/gateway-client.ts';
import { gatewayContext } from '../proxy/gateway-context.ts';
import { startOwnGateway, type OwnGateway, type OwnGatewayOptions } from '../proxy/own-gateway.ts';

/** A cluster with gateways of a test's own, whose disks and stores go wrong. */
export interface RecordScene {
  readonly running: TestGateway;
  readonly ca: string;
  start(
    name: string,
    options?: Partial<Pick<OwnGatewayOptions, 'configuration' | 'nodeArguments'>>,
  ): Promise<ScenicGateway>;
  stop(): Promise<void>;
}

export interface ScenicGateway {
  /** The process that runs now. */
  readonly process: () => OwnGateway;
  /** Of somebody who may read it. */
  readonly get: () => Promise<CallAnswer>;
  readonly client: GatewayClient;
  /** Of the gateway's answers, Audit-Ids of those with this status. */
  readonly answered: (status: number) => readonly string[];
  /** What /readyz says of records: '' while all is well. */
  readonly unready: () => Promise<string>;
  readonly metric: (line: string) => Promise<number>;
  readonly restart: () => Promise<void>;
}

export const PATH = '/api/v1/namespaces/default/configmaps/standing';
const USER = 'scene@example.com';

export async function newRecordScene(name: string): Promise<RecordScene> {
  const running = await startTestGateway(name);
  const context = gatewayContext(running);
  const direct = newGatewayClient(context);
  const token = await direct.token({ user: USER, groups: ['agents'] });
  await direct.applyPolicy('scene', {
    mode: 'Enforce',
    subjects: [{ kind: 'User', name: USER }],
    rules: [{ name: 'config', action: 'Allow', verbs: ['get'], apiGroups: [''], resources: ['configmaps'] }],
  });
  await direct.kubectl(['create', 'configmap', 'standing', '--from-literal=text=standing']);
  const started: ScenicGateway[] = [];

  async function start(own: string, options: Parameters<RecordScene['start']>[1] = {}): Promise<ScenicGateway> {
    let process = await startOwnGateway(running, { name: own, until: '/readyz', ...options });
    const client = newGatewayClient(process.context);
    const answers: { readonly status: number; readonly auditID: string }[] = [];
    const gateway: ScenicGateway = {
      process: () => process,
      client,
      async get() {
        const answer = await client.call({ path: PATH, token });
        answers.push({ status: answer.status, auditID: String(answer.headers['audit-id']) });
        return answer;
      },
      answered: (status) => answers.flatMap((answer) => (answer.status === status ? [answer.auditID] : [])),
      async unready() {
        const answer = await fetch(`${process.context.adminUrl}/readyz`);
        const text = await answer.text();
        return answer.ok ? '' : text;
      },
      async metric(line) {
        const text = await fetch(`${process.context.adminUrl}/metrics`).then((answer) => answer.text());
        const found = text.split('\n').find((each) => each.startsWith(`${line} `));
        return Number(found?.slice(line.length + 1));
      },
      async restart() {
        process = await process.restart();
      },
    };
    started.push(gateway);
    return gateway;
  }

  return {
    running,
    ca: readFileSync(context.caFile, 'utf8'),
    start,
    async stop() {
      for (const gateway of started) gateway.process().kill();
      await Promise.all(started.map((gateway) => gateway.process().exited));
      await Promise.all([direct.close(), ...started.map(({ client }) => client.close())]);
      await running.stop();
    },
  };
}

/** For what takes a second unless all processors are busy. */
export const PATIENCE_MS = 60_000;

/** In tests that run side by side `expect.poll` does not know whose it is. */
export const eventually = (check: () => Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: PATIENCE_MS, interval: 50 });

/** Calls until the gateway refuses, and then until it does not: what a client sees of a log that cannot be written. */
export async function expectRefusal(gateway: ScenicGateway, message: RegExp): Promise<void> {
  await eventually(async () => expect((await gateway.get()).status).toBe(503));
  const { text } = await gateway.get();
  expect(JSON.parse(text)).toMatchObject({ kind: 'Status', status: 'Failure', code: 503 });
  expect(text).toMatch(message);
  await eventually(async () => expect(await gateway.unready()).toContain('records'));
  expect(await gateway.metric('chaperone_log_refusing')).toBe(1);
}

export async function expectResumed(gateway: ScenicGateway): Promise<void> {
  await eventually(async () => expect((await gateway.get()).status).toBe(200));
  await eventually(async () => expect(await gateway.unready()).toBe(''));
  expect(await gateway.metric('chaperone_log_refusing')).toBe(0);
}
