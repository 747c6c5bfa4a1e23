import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NODE_ADDRESS } from '@chaperone/e2e/cluster/credentials';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { newTestNamespace, succeed, type TestNamespace } from './test-namespace.ts';

/** From `kubectl create` to Ready, with the image there: seen in about 1 s on 2 cores. */
const POD_BUDGET = 10_000;

let namespace: TestNamespace;

beforeAll(async () => {
  namespace = await newTestNamespace('pods');
});
afterAll(() => namespace.remove());

describe('the node', () => {
  test('runs a pod within seconds', async () => {
    const start = Date.now();
    await namespace.runPod('quick', ['sleep', '100000']);
    expect(Date.now() - start).toBeLessThan(POD_BUDGET);
  });

  test('ends a pod and frees its name', async () => {
    await namespace.runPod('short', ['sleep', '100000']);
    await succeed(namespace.kubectl, ['delete', 'pod', 'short', '--timeout=30s']);
    await namespace.runPod('short', ['sleep', '100000']);
    expect(await succeed(namespace.kubectl, ['get', 'pod', 'short', '--output=jsonpath={.status.phase}'])).toBe(
      'Running',
    );
  });

  test('starts a container again that ended', async () => {
    await namespace.runPod('restless', ['sleep', '1']);
    const count = '--output=jsonpath={.status.containerStatuses[0].restartCount}';
    await expect
      .poll(async () => Number(await succeed(namespace.kubectl, ['get', 'pod', 'restless', count])), {
        timeout: 30_000,
      })
      .toBeGreaterThan(0);
  });

  test('enforces memory limits, so that cgroups are real', async () => {
    const containers = [{ resources: { limits: { memory: '32Mi' } } }];
    await namespace.runPod('limited', ['sleep', '100000'], { containers });
    // One block of 100 MiB, which dd keeps in memory as a whole.
    const hungry = ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=100M', 'count=1'];
    expect((await namespace.kubectl.run(['exec', 'quick', '--', ...hungry])).code).toBe(0);
    // 128 and SIGKILL, from the kernel's OOM killer.
    expect((await namespace.kubectl.run(['exec', 'limited', '--', ...hungry])).code).toBe(137);
  });

  test('runs a container that may do little: not root, read-only, confined by seccomp', async () => {
    const securityContext = {
      runAsUser: 65_534,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    };
    await namespace.runPod('confined', ['sleep', '100000'], { containers: [{ securityContext }] });
    const status = await succeed(namespace.kubectl, ['exec', 'confined', '--', 'cat', '/proc/self/status']);
    expect(status).toMatch(/^Uid:\t65534\t/m);
    expect(status).toMatch(/^CapEff:\t0+$/m);
    expect(status).toMatch(/^Seccomp:\t2$/m);
    expect((await namespace.kubectl.run(['exec', 'confined', '--', 'touch', '/x'])).code).toBe(1);
  });
});

describe('Services', () => {
  test('reach the API server from a pod, by its ClusterIP, with the certificate and the token of the pod', async () => {
    // kubectl itself, mounted from the machine, as a client inside of the cluster: busybox has no TLS of that kind.
    const programs = dirname(realpathSync(join(inject('binDirectory'), 'kubectl')));
    await namespace.runPod('client', ['sleep', '100000'], {
      containers: [{ volumeMounts: [{ name: 'programs', mountPath: '/programs', readOnly: true }] }],
      volumes: [{ name: 'programs', hostPath: { path: programs, type: 'Directory' } }],
    });
    const inPod = ['exec', 'client', '--', 'env', 'HOME=/tmp'];
    const whoami = ['/programs/kubectl', 'auth', 'whoami', '--output=jsonpath={.status.userInfo.username}'];
    expect(await succeed(namespace.kubectl, [...inPod, ...whoami])).toBe(
      `system:serviceaccount:${namespace.name}:default`,
    );
    expect(await succeed(namespace.kubectl, [...inPod, 'sh', '-c', 'echo $KUBERNETES_SERVICE_HOST'])).toBe(
      '10.96.0.1\n',
    );
  });

  test('reach a pod from another pod, from the pod itself, and from the machine', async () => {
    await namespace.runPod('web', [
      'sh',
      '-c',
      'mkdir /www && echo hello > /www/index.html && exec httpd -f -p 8080 -h /www',
    ]);
    await succeed(namespace.kubectl, ['expose', 'pod', 'web', '--type=NodePort', '--port=80', '--target-port=8080']);
    await namespace.runPod('caller', ['sleep', '100000']);
    const address = await succeed(namespace.kubectl, ['get', 'service', 'web', '--output=jsonpath={.spec.clusterIP}']);
    const url = `http://${address}/`;
    await expect
      .poll(async () => (await namespace.kubectl.run(['exec', 'caller', '--', 'wget', '-qO-', url])).stdout, {
        timeout: 10_000,
      })
      .toBe('hello\n');
    expect(await succeed(namespace.kubectl, ['exec', 'web', '--', 'wget', '-qO-', url])).toBe('hello\n');
    expect(await (await fetch(url)).text()).toBe('hello\n');
    const portPath = '--output=jsonpath={.spec.ports[0].nodePort}';
    const port = await succeed(namespace.kubectl, ['get', 'service', 'web', portPath]);
    expect(await (await fetch(`http://${NODE_ADDRESS}:${port}/`)).text()).toBe('hello\n');
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed');
  });

  test('that do not exist refuse at once, so that a caller that came too early can try again', async () => {
    await namespace.runPod('early', ['sleep', '100000']);
    const start = Date.now();
    const result = await namespace.kubectl.run(['exec', 'early', '--', 'wget', '-qO-', 'http://10.96.0.251/']);
    expect(result.code).not.toBe(0);
    expect(result.stderr).toContain('Connection refused');
    expect(Date.now() - start).toBeLessThan(5_000);
  });
});
