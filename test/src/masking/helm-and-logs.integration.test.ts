import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { startLogKubelet, type LogKubelet } from '../proxy/log-kubelet.ts';
import { newStreamOpener } from '../proxy/open-stream.ts';
import { newMaskedScene, type MaskedScene } from './masked-scene.ts';

let scene: MaskedScene;

beforeAll(async () => {
  scene = await newMaskedScene('helm-and-logs');
  await scene.applyRule('helm-and-logs-objects', ['secrets', 'configmaps'], { fields: ['data.*', 'stringData.*'] });
  await scene.applyRule('helm-and-logs-pods', ['pods/log'], { patterns: [{ name: 'account', regex: 'ACC-[0-9]{6}' }] });
}, 60_000);

afterAll(() => scene.end(), 60_000);

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('helm, under a rule that masks Secrets and ConfigMaps', () => {
  const chart = mkdtempSync(join(tmpdir(), 'masked-chart-'));

  beforeAll(() => {
    mkdirSync(join(chart, 'templates'));
    writeFileSync(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: masked\nversion: 0.1.0\n');
    writeFileSync(join(chart, 'values.yaml'), 'password: first-password\nmode: slow\n');
    writeFileSync(
      join(chart, 'templates', 'objects.yaml'),
      [
        'apiVersion: v1\nkind: Secret\nmetadata: { name: db }\nstringData: { password: "{{ .Values.password }}" }',
        'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: app }\ndata: { mode: "{{ .Values.mode }}" }',
        'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ports: [{ port: 80 }] }',
      ].join('\n---\n'),
    );
  });

  afterAll(() => rmSync(chart, { recursive: true, force: true }));

  async function expectStored(password: string, mode: string): Promise<void> {
    const secret: unknown = JSON.parse(await scene.administer(['get', 'secret', 'db', '--output=json']));
    const map: unknown = JSON.parse(await scene.administer(['get', 'configmap', 'app', '--output=json']));
    expect(secret).toMatchObject({ data: { password: base64(password), 'added-by-hand': base64('by hand') } });
    expect(map).toMatchObject({ data: { mode } });
  }

  test('installs, upgrades and rolls back, stores no placeholder and loses no value', { timeout: 60_000 }, async () => {
    expect(await scene.helm(['install', 'first', chart])).toMatchObject({ code: 0 });
    const patch = `--patch={"data":{"added-by-hand":"${base64('by hand')}"}}`;
    await scene.administer(['patch', 'secret', 'db', '--type=merge', patch]);
    expect(await scene.helm(['upgrade', 'first', chart, '--set=mode=fast'])).toMatchObject({ code: 0 });
    await expectStored('first-password', 'fast');
    expect(
      await scene.helm(['upgrade', 'first', chart, '--reuse-values', '--set=password=second-password']),
    ).toMatchObject({ code: 0 });
    await expectStored('second-password', 'fast');
    const values = await scene.helm(['get', 'values', 'first', '--output=json']);
    expect(values.stdout).toContain('second-password');
    expect(await scene.helm(['rollback', 'first', '1'])).toMatchObject({ code: 0 });
    await expectStored('first-password', 'slow');
    const shown = await scene.kubectl(['get', 'secret', 'db', '--output=json']);
    expect(shown.stdout).toContain(base64('[MASKED:helm-and-logs-objects]'));
    expect(shown.stdout).not.toContain(base64('first-password'));
  });
});

describe('a log, under a rule with a pattern', () => {
  const NODE = 'helm-and-logs';
  let kubelet: LogKubelet;

  beforeAll(async () => {
    kubelet = await startLogKubelet();
    await scene.administer(['create', '--filename=-'], { apiVersion: 'v1', kind: 'Node', metadata: { name: NODE } });
    const status = {
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: kubelet.port } },
    };
    await scene.administer(['patch', 'node', NODE, `--patch=${JSON.stringify({ status })}`, '--subresource=status']);
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'talks' },
      spec: {
        nodeName: NODE,
        containers: [{ name: 'main', image: 'none' }],
        automountServiceAccountToken: false,
        tolerations: [{ operator: 'Exists' }],
      },
    };
    await vi.waitFor(() => scene.administer(['create', '--filename=-'], pod), { timeout: 10_000 });
  });

  afterAll(async () => {
    await scene.client.kubectl(['delete', 'node', NODE, '--wait=false']);
    await kubelet.close();
  });

  test('is masked as it comes, also where a match comes in two pieces', async () => {
    const opener = newStreamOpener(inject('gateway'));
    const path = `/api/v1/namespaces/${scene.namespace}/pods/talks/log?follow=true`;
    const stream = await opener.open(path, scene.token);
    await vi.waitFor(() => expect(kubelet.readers()).toBe(1), { timeout: 10_000 });
    kubelet.write('paid by ACC-123');
    await new Promise((resolve) => setTimeout(resolve, 200));
    kubelet.write('456 today\nnext line\n');
    await vi.waitFor(() => expect(stream.text()).toContain('next line'));
    expect(stream.text()).toBe('paid by [MASKED:helm-and-logs-pods/account] today\nnext line\n');
    stream.close();
    await opener.close();
  });
});
