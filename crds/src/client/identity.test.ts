import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newFakeClock, type FakeClock } from '@chaperone/test/faults/fake-clock';
import { ConnectionError } from './api-error.ts';
import { newIdentity, type Identity } from './identity.ts';
import { kubeConfigFromString } from './kubeconfig.ts';

let directory: string;
let clock: FakeClock;
let identity: Identity | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'identity-'));
  clock = newFakeClock();
});

afterEach(async () => {
  await identity?.close();
  identity = undefined;
  rmSync(directory, { recursive: true, force: true });
});

const path = (name: string): string => join(directory, name);

function identityOf(options: { readonly cluster?: object; readonly user?: object }): Identity {
  const kubeConfig = kubeConfigFromString(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1', ...options.cluster } }],
      users: [{ name: 'u', user: options.user ?? {} }],
    }),
  );
  identity = newIdentity({ kubeConfig, clock, connectTimeoutMs: 1_000, maxConnections: 8 });
  return identity;
}

describe('an identity', () => {
  test('keeps its connections while its files are the same, and takes new ones when a certificate is rotated', async () => {
    writeFileSync(path('ca.crt'), 'first');
    const subject = identityOf({ cluster: { 'certificate-authority': path('ca.crt') } });
    const { dispatcher } = await subject.route();
    await clock.advance(2_000);
    expect((await subject.route()).dispatcher).toBe(dispatcher);
    writeFileSync(path('ca.crt'), 'second');
    await clock.advance(2_000);
    expect((await subject.route()).dispatcher).not.toBe(dispatcher);
  });

  test('sends the token of a file, without its line end', async () => {
    writeFileSync(path('token'), 'opaque-token\n');
    const user = { 'auth-provider': { name: 'tokenFile', config: { tokenFile: path('token') } } };
    const { headers } = await identityOf({ user }).route();
    expect(headers).toEqual({ authorization: 'Bearer opaque-token' });
  });

  test('keeps the path of a cluster that is served below one', async () => {
    const subject = identityOf({ cluster: { server: 'https://host.example/k8s/clusters/c-1/' } });
    expect(await subject.route()).toMatchObject({ origin: 'https://host.example', basePath: '/k8s/clusters/c-1' });
  });

  test('that cannot be read is a connection error now, and tried again with the next call', async () => {
    const subject = identityOf({ cluster: { 'certificate-authority': path('ca.crt') } });
    await expect(subject.route()).rejects.toBeInstanceOf(ConnectionError);
    writeFileSync(path('ca.crt'), 'here now');
    await expect(subject.route()).resolves.toMatchObject({ basePath: '' });
  });

  test.each<[string, object]>([
    ['plain HTTP without saying so', { server: 'http://127.0.0.1:1' }],
    ['a SOCKS proxy', { 'proxy-url': 'socks5://127.0.0.1:1080' }],
  ])('does not go over %s', async (_what, cluster) => {
    await expect(identityOf({ cluster }).route()).rejects.toBeInstanceOf(ConnectionError);
  });
});
