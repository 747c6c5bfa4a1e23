import { createPublicKey } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  NO_REGISTRY,
  parseRegistry,
  REGISTRY_CONFIG_MAP,
  REGISTRY_DATA_KEY,
  registryHash,
  signRegistry,
  type RegisteredWriter,
  type Registry,
} from '@chaperone/crds/audit/registry';
import { publicKeyOf, type PublicKey } from '@chaperone/crds/audit/signing-keys';
import { addSigningKey, publicKeysIn } from '@chaperone/e2e/stack/signing-keys';
import { startTestGateway, type TestGateway } from '@chaperone/e2e/stack/test-gateway';
import type { Finding } from '@chaperone/proxy/audit/verify/finding';
import { verify, type VerifyOptions } from '@chaperone/proxy/audit/verify/verify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { newOperatorProcess, type OperatorProcess } from '../operator/operator-process.ts';
import { gatewayContext } from '../proxy/gateway-context.ts';
import { newGatewayClient, type GatewayClient } from '../proxy/gateway-client.ts';
import { startOwnGateway, type OwnGateway } from '../proxy/own-gateway.ts';
import { newSigningKey } from '../wal/open-log.ts';
import { readLog, type GatewayLog } from './gateway-records.ts';

const NAMESPACE = 'chaperone-system';
const REPLICA = 'registry-a';
const SOON = { timeout: 60_000, interval: 250 };

let running: TestGateway;
let client: GatewayClient;
let ownClient: GatewayClient;
let gateway: OwnGateway;
let operator: OperatorProcess;
let token: string;

beforeAll(async () => {
  running = await startTestGateway('registry');
  client = newGatewayClient(gatewayContext(running));
  gateway = await startOwnGateway(running, { name: REPLICA, until: '/readyz' });
  ownClient = newGatewayClient(gateway.context);
  token = await client.token({ user: 'registered@example.com', groups: ['agents'] });
  operator = await newOperatorProcess(`${running.directories.root}/operator/kubeconfig`, { namespace: NAMESPACE });
}, 180_000);

afterAll(async () => {
  gateway?.kill();
  await gateway?.exited;
  await operator?.stop();
  await ownClient?.close();
  await client?.close();
  await running?.stop();
}, 60_000);

const configMapSchema = z.object({ data: z.record(z.string(), z.string()) });

interface Published {
  readonly registry: Registry;
  /** As the ConfigMap has it, for those who verify. */
  readonly key: PublicKey;
}

async function published(): Promise<Published> {
  const get = ['get', 'configmap', REGISTRY_CONFIG_MAP, `--namespace=${NAMESPACE}`, '--output=json'];
  const { stdout, stderr } = await client.kubectl(get);
  if (stdout === '') throw new Error(stderr);
  const { data } = configMapSchema.parse(JSON.parse(stdout));
  const registry = parseRegistry(data[REGISTRY_DATA_KEY]);
  const der = createPublicKey(data['public-key.pem'] ?? '').export({ format: 'der', type: 'spki' });
  const key = publicKeyOf(der.toString('base64'));
  if (registry === undefined || key === undefined) throw new Error('there is no registry');
  return { registry, key };
}

const writersOf = ({ writers }: Registry, replica: string): readonly RegisteredWriter[] =>
  writers.filter((writer) => writer.replica === replica);

/** The registry, once the replica's writers are as they are to be. */
async function registryWith(replica: string, states: readonly ('Writing' | 'Ended' | 'Lost')[]): Promise<Published> {
  const found = async (): Promise<readonly string[]> =>
    writersOf((await published()).registry, replica).map(({ end, lost }) => {
      if (end !== undefined) return 'Ended';
      return lost === undefined ? 'Writing' : 'Lost';
    });
  await expect.poll(found, SOON).toEqual(states);
  return published();
}

async function call(through: GatewayClient): Promise<void> {
  expect((await through.call({ token, path: '/version' })).status).toBe(200);
}

/** All that both gateways have on record. */
async function allLogs(): Promise<GatewayLog> {
  const logs = [await readLog(gatewayContext(running)), await readLog(gateway.context)];
  return {
    records: logs.flatMap(({ records }) => records),
    checkpoints: logs.flatMap(({ checkpoints }) => checkpoints),
    registries: logs.flatMap(({ registries }) => registries),
  };
}

async function findingsIn(
  { records, checkpoints }: Pick<GatewayLog, 'records' | 'checkpoints'>,
  options: Omit<VerifyOptions, 'records' | 'checkpoints'>,
): Promise<Finding[]> {
  const found: Finding[] = [];
  const parsed = checkpoints.map(({ text }): unknown => JSON.parse(text));
  for await (const finding of verify({ ...options, records, checkpoints: parsed })) found.push(finding);
  return found;
}

const checkpointKeys = (): readonly PublicKey[] =>
  publicKeysIn(gatewayContext(running).signingKeyDirectory).flatMap((key) => publicKeyOf(key) ?? []);

/** Those that are kept with the records, by number. */
const keptRegistries = ({ registries }: GatewayLog): readonly Registry[] => {
  const byHash = new Map(
    registries.flatMap(({ text }) => {
      const registry = parseRegistry(text);
      return registry === undefined ? [] : [[registryHash(registry), registry] as const];
    }),
  );
  return [...byHash.values()].toSorted((left, right) => left.number - right.number);
};

test('the writers of all replicas are in a registry that the operator has signed', async () => {
  await registryWith('chaperone-proxy-local', ['Writing']);
  const { registry, key } = await registryWith(REPLICA, ['Writing']);
  expect(registry.keyId).toBe(key.id);
  expect(registry.keys).toEqual(checkpointKeys().map(({ publicKey }) => publicKey));
  // From the first record on a writer is missed.
  const empty = async (): Promise<number> =>
    (await published()).registry.writers.filter(({ head }) => head.sequence === 0).length;
  await expect.poll(empty, SOON).toBe(0);
  const secret = ['get', 'secret', 'chaperone-registry-key', `--namespace=${NAMESPACE}`, '--output=json'];
  const { stdout } = await client.kubectl(secret);
  expect(JSON.parse(stdout)).toMatchObject({ type: 'Opaque' });
  expect(Object.keys(configMapSchema.parse(JSON.parse(stdout)).data)).toEqual(['0001.pem']);
});

describe('when a gateway is killed', () => {
  test('its writer is closed by the next, ended in the registry, and all of it proves itself', async () => {
    for (let count = 0; count < 5; count += 1) await call(ownClient);
    gateway.kill();
    await gateway.exited;
    gateway = await gateway.restart();
    await call(ownClient);
    const { registry, key } = await registryWith(REPLICA, ['Ended', 'Writing']);
    const [killed] = writersOf(registry, REPLICA);
    // The start, and the calls before the kill at least.
    expect(killed?.head.sequence).toBeGreaterThanOrEqual(6);
    expect(await findingsIn(await allLogs(), { registry, registryKeys: [key], keys: [] })).toEqual([]);
  });

  test('dropping all of it shows with the registry, and with nothing else', async () => {
    const { registry, key } = await registryWith(REPLICA, ['Ended', 'Writing']);
    const [killed] = writersOf(registry, REPLICA);
    const { records, checkpoints } = await allLogs();
    const rest = {
      records: records.filter(({ writer }) => writer !== killed?.writer),
      checkpoints: checkpoints.filter(({ writer }) => writer !== killed?.writer),
    };
    expect(rest.records.length).toBeLessThan(records.length);
    expect(await findingsIn(rest, { keys: checkpointKeys() })).toEqual([]);
    const findings = await findingsIn(rest, { registry, registryKeys: [key], keys: [] });
    expect(findings.map(({ kind, writer }) => [kind, writer])).toContainEqual(['DroppedWriter', killed?.writer]);
    expect(new Set(findings.map(({ writer }) => writer))).toEqual(new Set([killed?.writer]));
  });

  test('the newest registry is kept with the records, and a forged one is refused', async () => {
    const { registry, key } = await published();
    await expect.poll(async () => keptRegistries(await allLogs()).at(-1), SOON).toEqual(registry);
    const logs = await allLogs();
    const forger = newSigningKey();
    const { keyId: _keyId, signature: _signature, ...body } = registry;
    const writers = registry.writers.filter(({ end }) => end === undefined);
    const forged: Readonly<Record<string, Registry>> = {
      'with a writer less': { ...registry, writers },
      'signed by another key': signRegistry({ ...body, writers }, forger),
      'said to be signed by the right key': { ...signRegistry({ ...body, writers }, forger), keyId: key.id },
    };
    for (const [name, one] of Object.entries(forged)) {
      const findings = await findingsIn(logs, { registry: one, registryKeys: [key], keys: checkpointKeys() });
      expect(
        findings.map(({ kind }) => kind),
        name,
      ).toEqual(['ForgedRegistry']);
    }
  });
});

test('a registry that somebody deletes is written again, in the same chain, and people are told', async () => {
  const { registry: before, key } = await published();
  await client.kubectl(['delete', 'configmap', REGISTRY_CONFIG_MAP, `--namespace=${NAMESPACE}`]);
  await expect.poll(async () => (await published()).registry.number, SOON).toBeGreaterThan(before.number);
  const { registry, key: after } = await published();
  expect(after.id).toBe(key.id);
  expect(registry.previousRegistry).not.toBe(NO_REGISTRY);
  expect(registry.writers.map(({ writer }) => writer)).toEqual(before.writers.map(({ writer }) => writer));
  const events = ['get', 'events.events.k8s.io', '--namespace=default', '--output=json'];
  await expect.poll(async () => (await client.kubectl(events)).stdout, SOON).toContain('"RegistryAltered"');
});

test('a newer key is taken up while calls go on, and handed over to by the one before', async () => {
  const first = checkpointKeys();
  addSigningKey(gatewayContext(running).signingKeyDirectory);
  const all = checkpointKeys().map(({ publicKey }) => publicKey);
  expect(all).toHaveLength(2);
  await expect.poll(async () => (await published()).registry.keys, SOON).toEqual(all);
  await call(client);
  await call(ownClient);
  const logs = await allLogs();
  const handOvers = logs.checkpoints.filter(({ text }) => text.includes('"kind":"HandOver"'));
  expect(handOvers.length).toBeGreaterThanOrEqual(1);
  // The key that was known before is enough.
  expect(await findingsIn(logs, { keys: first })).toEqual([]);
});

describe('with another operator', () => {
  test('the chain of registries is one: the second goes on where the first was killed', async () => {
    operator.start();
    await sleep(3_000);
    const { registry: before, key } = await published();
    const pid = running.supervisor.running().find(({ name }) => name === 'operator')?.pid ?? 0;
    process.kill(pid, 'SIGKILL');
    // Meanwhile a replica ends: nobody but its Lease knows of that.
    gateway.terminate();
    await gateway.exited;
    const { registry, key: after } = await registryWith(REPLICA, ['Ended', 'Ended']);
    expect(after.id).toBe(key.id);
    expect(registry.number).toBeGreaterThan(before.number);
    await expect.poll(async () => keptRegistries(await allLogs()).at(-1)?.number, SOON).toBe(registry.number);
    const kept = keptRegistries(await allLogs());
    const from = kept.findIndex(({ number }) => number === before.number);
    expect(from).toBeGreaterThanOrEqual(0);
    for (const [index, one] of kept.entries()) {
      const previous = kept[index - 1];
      if (previous === undefined || index <= from) continue;
      expect(one.number).toBe(previous.number + 1);
      expect(one.previousRegistry).toBe(registryHash(previous));
    }
  });

  test('the Lease of the replica that has ended is removed once all of it is in the registry, and all proves itself', async () => {
    const leases = ['get', 'leases', `--namespace=${NAMESPACE}`, '--output=name'];
    await expect.poll(async () => (await client.kubectl(leases)).stdout, SOON).not.toContain(REPLICA);
    const { registry, key } = await published();
    expect(await findingsIn(await allLogs(), { registry, registryKeys: [key], keys: [] })).toEqual([]);
    expect(writersOf(registry, 'chaperone-proxy-local').map(({ end, lost }) => [end, lost])).toEqual([
      [undefined, undefined],
    ]);
  });
});
