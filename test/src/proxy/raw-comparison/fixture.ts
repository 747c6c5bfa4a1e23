import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GatewayClient } from '../gateway-client.ts';
import type { Exchange } from './exchange.ts';
import type { Fixture } from './requests.ts';

/** Together past the 128 KiB from which the API server compresses, and past what it writes at once. */
const LARGE = { count: 100, bytes: 6_000 };

/** A namespace of its own, with enough in it for lists that are sent in pieces. */
export async function createFixture(client: GatewayClient, direct: Exchange): Promise<Fixture> {
  const namespace = `raw-comparison-${randomUUID().slice(0, 8)}`;
  const configMap = (name: string, size: string, data: Readonly<Record<string, string>>): unknown => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, labels: { size } },
    data,
  });
  const items = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    configMap('settings', 'small', { a: '1', text: 'ünï <&> \u2028' }),
    ...Array.from({ length: LARGE.count }, (_, at) =>
      // Not compressible to nothing: what is compressed is to come in pieces, too.
      configMap(`large-${at}`, 'large', { a: pseudoRandom(at, LARGE.bytes) }),
    ),
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'i' }] } },
      },
    },
  ];
  const created = await client.kubectl(['create', '--filename=-'], { apiVersion: 'v1', kind: 'List', items });
  if (created.code !== 0) throw new Error(created.stderr);
  const configMaps = `/api/v1/namespaces/${namespace}/configmaps`;
  // The controllers add theirs; after that nothing changes in the namespace by itself.
  for (let found = false; !found; await sleep(50))
    found = (await direct({ path: `${configMaps}/kube-root-ca.crt` })).status === 200;
  const { body } = await direct({ path: `${configMaps}?limit=1` });
  const resourceVersion = /"resourceVersion":"(\d+)"/.exec(body.toString('utf8'))?.[1];
  if (resourceVersion === undefined) throw new Error('a list has no resourceVersion');
  const read = async (accept: string): Promise<Buffer> =>
    (await direct({ path: `${configMaps}/settings`, headers: { Accept: accept } })).body;
  return {
    namespace,
    resourceVersion,
    settings: {
      json: await read('application/json'),
      yaml: await read('application/yaml'),
      protobuf: await read('application/vnd.kubernetes.protobuf'),
    },
  };
}

/** The same text for the same seed (mulberry32). */
function pseudoRandom(seed: number, length: number): string {
  let state = seed;
  let text = '';
  while (text.length < length) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    text += ((mixed ^ (mixed >>> 14)) >>> 0).toString(36);
  }
  return text.slice(0, length);
}
