import { describe, expect, test } from 'vitest';
import {
  changedPaths,
  configMapFields,
  isHeadless,
  serviceFields,
  takeOverPatch,
  workloadFields,
} from './child-fields.ts';

const RESTARTED = 'kubectl.kubernetes.io/restartedAt';

const desired = (replicas?: number) => ({
  metadata: { name: 'a' },
  spec: {
    ...(replicas === undefined ? {} : { replicas }),
    template: { metadata: { labels: { app: 'a' }, annotations: { hash: 'h' } }, spec: { containers: [{ name: 'a' }] } },
  },
});

const live = (replicas: number, annotations: Record<string, string> = {}) => ({
  spec: {
    replicas,
    paused: true,
    selector: { matchLabels: {} },
    template: { metadata: { annotations }, spec: { hostNetwork: true, containers: [{ name: 'b' }] } },
  },
});

describe('of a workload', () => {
  test.each<{
    name: string;
    wanted: number | undefined;
    there: number;
    annotations: Record<string, string>;
    replicas: number;
    kept: object;
  }>([
    { name: 'replicas that are configured', wanted: 2, there: 5, annotations: {}, replicas: 2, kept: { hash: 'h' } },
    { name: 'none, where that is configured', wanted: 0, there: 5, annotations: {}, replicas: 0, kept: { hash: 'h' } },
    {
      name: 'replicas that something else sets',
      wanted: undefined,
      there: 5,
      annotations: { hash: 'old', 'sidecar.istio.io/inject': 'true' },
      replicas: 5,
      kept: { hash: 'h' },
    },
    {
      name: 'a restart',
      wanted: 2,
      there: 2,
      annotations: { [RESTARTED]: '2026-01-01T00:00:00Z' },
      replicas: 2,
      kept: { hash: 'h', [RESTARTED]: '2026-01-01T00:00:00Z' },
    },
  ])('$name and nothing else that was there is kept', ({ wanted, there, annotations, replicas, kept }) => {
    expect(workloadFields(desired(wanted), live(there, annotations))).toEqual({
      spec: {
        replicas,
        template: {
          metadata: { labels: { app: 'a' }, annotations: kept },
          spec: { containers: [{ name: 'a' }] },
        },
      },
    });
  });
});

describe('of a Service', () => {
  const ports = [{ name: 'https', port: 443 }];
  const service = { metadata: { name: 'a' }, spec: { type: 'ClusterIP', selector: { app: 'a' }, ports } };

  test('what lets calls in or sends them elsewhere is replaced, what the cluster chose is kept', () => {
    const there = {
      spec: {
        type: 'NodePort',
        clusterIP: '10.0.0.1',
        ipFamilies: ['IPv4'],
        selector: { app: 'b', more: 'c' },
        ports: [...ports, { name: 'admin', port: 8081 }],
        externalIPs: ['192.0.2.1'],
        externalName: 'evil.example.com',
        publishNotReadyAddresses: true,
        loadBalancerSourceRanges: ['192.0.2.0/24'],
      },
    };
    expect(serviceFields(service, there)).toEqual({
      spec: {
        type: 'ClusterIP',
        clusterIP: '10.0.0.1',
        ipFamilies: ['IPv4'],
        selector: { app: 'a' },
        ports,
        loadBalancerSourceRanges: ['192.0.2.0/24'],
      },
    });
  });

  test('one without an address is told from one that has, or has none yet', () => {
    expect([{ clusterIP: 'None' }, { clusterIP: '10.0.0.1' }, {}].map((spec) => isHeadless({ spec }))).toEqual([
      true,
      false,
      false,
    ]);
  });
});

test('the patch replaces what is to be there, removes what is not, and holds for the state that was read', () => {
  const metadata = { resourceVersion: '7' };
  const fields = configMapFields({ metadata: { name: 'a' }, data: { key: 'value' } });
  const version = { op: 'replace', path: '/metadata/resourceVersion', value: '7' };
  const data = { op: 'add', path: '/data', value: { key: 'value' } };
  expect(takeOverPatch({ metadata }, fields)).toEqual([version, data]);
  const foreign = { metadata, data: { other: 'x' }, binaryData: { other: 'eA==' }, immutable: false };
  expect(takeOverPatch(foreign, fields)).toEqual([
    version,
    data,
    { op: 'remove', path: '/binaryData' },
    { op: 'remove', path: '/immutable' },
  ]);
});

describe('the paths that differ', () => {
  test.each<{ name: string; before: unknown; after: unknown; paths: string[] }>([
    { name: 'are none where nothing does', before: { a: [1, { b: 2 }] }, after: { a: [1, { b: 2 }] }, paths: [] },
    { name: 'are those of fields that came', before: {}, after: { spec: { paused: true } }, paths: ['spec'] },
    {
      name: 'are those of fields that went, as deep as both have them',
      before: { spec: { a: 1, paused: true } },
      after: { spec: { a: 1 } },
      paths: ['spec.paused'],
    },
    { name: 'name a list whole', before: { a: { list: [1, 2] } }, after: { a: { list: [2, 1] } }, paths: ['a.list'] },
    { name: 'are in order', before: { b: 1, a: 1 }, after: { b: 2, a: 2 }, paths: ['a', 'b'] },
  ])('$name', ({ before, after, paths }) => {
    expect(changedPaths(before, after)).toEqual(paths);
  });
});
