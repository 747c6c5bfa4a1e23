import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { renderCniConfig } from './cni.ts';
import { renderContainerdConfig } from './containerd.ts';
import { renderKubeProxyConfig } from './kube-proxy.ts';
import { renderKubeletConfig } from './kubelet.ts';
import { CONTAINERD_SOCKET } from './layout.ts';
import { deadSockets, isOwnCniResult } from './leftovers.ts';
import { saysReady } from './node.ts';

/** sockaddr_un of Linux: 108 bytes, the last of them zero. */
const LONGEST_SOCKET_PATH = 107;

test('the sockets of containerd have paths that a socket can have', () => {
  expect(`${CONTAINERD_SOCKET}.ttrpc`.length).toBeLessThanOrEqual(LONGEST_SOCKET_PATH);
});

test('containerd keeps to our own roots', () => {
  const config = renderContainerdConfig('/usr/lib/cni');
  const paths = [...config.matchAll(/ = "(\/[^"]*)"/g)].map(([, path]) => path ?? '');
  const outside = paths.filter((path) => !/^\/(?:run|var\/lib)\/chaperone-node(?:\/|$)/.test(path));
  expect(outside).toEqual(['/usr/lib/cni']);
  expect(config).toContain('sandbox_image = "chaperone.local/pause:1"');
});

test('pods get addresses of our network and nothing masquerades them', () => {
  expect(JSON.parse(renderCniConfig())).toMatchObject({
    name: 'chaperone-node',
    plugins: [{ type: 'ptp', ipMasq: false, ipam: { type: 'host-local', subnet: '10.77.0.0/24' } }],
  });
});

describe('the kubelet', () => {
  const config: unknown = parse(renderKubeletConfig({ clientCaFile: '/pki/ca.crt' }));

  test('asks the API server who may use it, and lets nobody in unnamed', () => {
    expect(config).toMatchObject({
      authentication: {
        anonymous: { enabled: false },
        webhook: { enabled: true },
        x509: { clientCAFile: '/pki/ca.crt' },
      },
      authorization: { mode: 'Webhook' },
    });
  });

  test('evicts nothing and removes no image when the disk is nearly full', () => {
    expect(config).toMatchObject({
      imageGCHighThresholdPercent: 100,
      evictionHard: {
        'memory.available': '0%',
        'nodefs.available': '0%',
        'nodefs.inodesFree': '0%',
        'imagefs.available': '0%',
        'imagefs.inodesFree': '0%',
      },
    });
  });

  test('puts pods under a cgroup of our own', () => {
    expect(config).toMatchObject({ cgroupRoot: '/chaperone-node', cgroupDriver: 'cgroupfs', cgroupsPerQOS: true });
  });
});

test('kube-proxy uses iptables and leaves the settings of the machine alone', () => {
  expect(parse(renderKubeProxyConfig({ kubeconfig: '/run/kube-proxy.kubeconfig' }))).toMatchObject({
    mode: 'iptables',
    clientConnection: { kubeconfig: '/run/kube-proxy.kubeconfig' },
    conntrack: { maxPerCore: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    iptables: { localhostNodePorts: false },
  });
});

describe('isOwnCniResult', () => {
  const cases: Record<string, { name: string; content: string; expected: boolean }> = {
    'a result of our network': { name: 'chaperone-node-12ab-eth0', content: '{}', expected: true },
    'a loopback of one of our pods': {
      name: 'cni-loopback-12ab-lo',
      content: '{"result":{"interfaces":[{"name":"lo","sandbox":"/run/chaperone-node/containerd/netns/cni-1"}]}}',
      expected: true,
    },
    "another program's loopback": {
      name: 'cni-loopback-12ab-lo',
      content: '{"result":{"interfaces":[{"name":"lo","sandbox":"/var/run/netns/cni-1"}]}}',
      expected: false,
    },
  };
  test.each(Object.entries(cases))('%s', (_, { name, content, expected }) => {
    expect(isOwnCniResult(name, content)).toBe(expected);
  });
});

test('deadSockets are those that no process has bound', () => {
  const unixSockets = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 20801 /run/containerd/s/living
0000000000000000: 00000003 00000000 00000000 0001 03 20802
0000000000000000: 00000002 00000000 00010000 0001 01 20803 @abstract
`;
  expect(deadSockets(['/run/containerd/s/living', '/run/containerd/s/dead'], unixSockets)).toEqual([
    '/run/containerd/s/dead',
  ]);
});

describe('saysReady', () => {
  const heartbeat = Date.parse('2026-01-02T03:04:05Z');
  const cases: Record<string, { condition: string; since: number; expected: boolean }> = {
    'ready, and heard of since': { condition: 'True 2026-01-02T03:04:05Z', since: heartbeat - 10, expected: true },
    'ready within the same second': { condition: 'True 2026-01-02T03:04:05Z', since: heartbeat + 900, expected: true },
    'ready by the word of an earlier kubelet': {
      condition: 'True 2026-01-02T03:04:05Z',
      since: heartbeat + 5_000,
      expected: false,
    },
    'not ready': { condition: 'False 2026-01-02T03:04:05Z', since: 0, expected: false },
    'not registered yet': { condition: '', since: 0, expected: false },
  };
  test.each(Object.entries(cases))('%s', (_, { condition, since, expected }) => {
    expect(saysReady(condition, since)).toBe(expected);
  });
});
