import { describe, expect, test } from 'vitest';
import { nodeRole } from './node-processes.ts';

const cases: Record<string, { commandLine: string; expected: string | undefined }> = {
  'our containerd': {
    commandLine: '/usr/bin/containerd --config /run/chaperone-node/containerd.toml',
    expected: 'containerd',
  },
  'our kubelet': { commandLine: '/cache/kubelet --config=/run/chaperone-node/kubelet-12ab.yaml', expected: 'kubelet' },
  'our kube-proxy': {
    commandLine: '/cache/kube-proxy --config=/run/chaperone-node/kube-proxy-12ab.yaml',
    expected: 'kube-proxy',
  },
  'a shim of our containerd': {
    commandLine:
      '/usr/bin/containerd-shim-runc-v2 -namespace k8s.io -id 12ab -address /run/chaperone-node/containerd.sock',
    expected: 'shim',
  },
  "the distribution's containerd": { commandLine: '/usr/bin/containerd', expected: undefined },
  'a shim of Docker': {
    commandLine: '/usr/bin/containerd-shim-runc-v2 -namespace moby -id 12ab -address /run/containerd/containerd.sock',
    expected: undefined,
  },
  'a kubelet of another cluster': {
    commandLine: '/usr/bin/kubelet --config=/var/lib/kubelet/config.yaml',
    expected: undefined,
  },
  'somebody looking at our files': { commandLine: 'less /run/chaperone-node/containerd.toml', expected: undefined },
  'a kernel thread, which has no command line': { commandLine: '', expected: undefined },
};

describe('nodeRole', () => {
  test.each(Object.entries(cases))('%s', (_, { commandLine, expected }) => {
    expect(nodeRole(commandLine === '' ? [] : commandLine.split(' '))).toBe(expected);
  });
});
