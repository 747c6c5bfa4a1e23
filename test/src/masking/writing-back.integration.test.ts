import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand, type CommandResult } from '@chaperone/e2e/process/run-command';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { newStreamOpener, type StreamOpener } from '../proxy/open-stream.ts';
import { newMaskedScene, type MaskedScene } from './masked-scene.ts';

const gateway = inject('gateway');
const NAMESPACE = 'writing-back';
const VALUE = 'the value that nobody is shown';
const maps = `/api/v1/namespaces/${NAMESPACE}/configmaps`;

const directory = mkdtempSync(join(tmpdir(), 'writing-back-'));
let scene: MaskedScene;
let opener: StreamOpener;

beforeAll(async () => {
  opener = newStreamOpener(gateway);
  scene = await newMaskedScene(NAMESPACE);
  await scene.applyRule('writing-back-maps', ['configmaps'], { fields: ['data.hidden', "metadata.labels['hidden']"] });
  await scene.applyRule('writing-back-secrets', ['secrets'], { fields: ['data.*', 'stringData.*'] });
  await scene.applyRule('writing-back-pods', ['pods', 'pods/exec', 'pods/attach', 'pods/portforward'], {
    fields: ['spec.containers[*].env[*].value'],
    patterns: [{ name: 'account', regex: 'ACC-[0-9]{6}' }],
  });
}, 90_000);

afterAll(async () => {
  await scene.end();
  await opener.close();
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

async function createMap(name: string): Promise<void> {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { hidden: VALUE, shown: 'old' } };
  await scene.administer(['create', '--filename=-'], object);
}

/** What is stored, read beside the gateway. */
async function stored(resource: string, name: string): Promise<unknown> {
  const stdout = await scene.administer(['get', resource, name, '--output=json']);
  const object: unknown = JSON.parse(stdout);
  expect(stdout).not.toContain('MASKED');
  return object;
}

async function expectStored(name: string, data: object): Promise<void> {
  expect(await stored('configmap', name)).toMatchObject({ data });
}

/** An editor that does one substitution. */
function editor(name: string, script: string): string {
  const file = join(directory, name);
  writeFileSync(file, `#!/bin/sh\nexec sed -i '${script}' "$1"\n`);
  chmodSync(file, 0o700);
  return file;
}

async function edit(name: string, script: string): Promise<CommandResult> {
  const { binDirectory } = gateway;
  const args = [
    `--kubeconfig=${scene.client.kubeconfigOf(scene.token)}`,
    `--namespace=${NAMESPACE}`,
    'edit',
    'configmap',
    name,
  ];
  const env = { ...process.env, EDITOR: editor(`edit-${name}`, script), KUBE_EDITOR: '' };
  return runCommand(join(binDirectory, 'kubectl'), [...args, '--output-patch'], { env });
}

describe('kubectl under a rule that masks what it reads', () => {
  test('edit changes what is shown, and leaves what is not as it was', async () => {
    await createMap('edited');
    expect(await edit('edited', 's/shown: old/shown: new/')).toMatchObject({ code: 0 });
    await expectStored('edited', { hidden: VALUE, shown: 'new' });
  });

  test('edit of a placeholder is refused, and says why', async () => {
    await createMap('edited-hidden');
    const edited = await edit('edited-hidden', 's/hidden: .*/hidden: x[MASKED:writing-back-maps]/');
    expect(edited.code).not.toBe(0);
    expect(edited.stderr).toContain('placeholder');
    await expectStored('edited-hidden', { hidden: VALUE, shown: 'old' });
  });

  test('apply, three-way, changes what changed in the manifest', async () => {
    const manifest = (shown: string) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'applied' },
      data: { hidden: VALUE, shown },
    });
    expect(await scene.kubectl(['apply', '--filename=-'], manifest('old'))).toMatchObject({ code: 0 });
    expect(await scene.kubectl(['apply', '--filename=-'], manifest('new'))).toMatchObject({ code: 0 });
    await expectStored('applied', { hidden: VALUE, shown: 'new' });
    // Without the field in the manifest it goes away, as it would without the gateway.
    const { hidden: _hidden, ...data } = manifest('newest').data;
    expect(await scene.kubectl(['apply', '--filename=-'], { ...manifest('newest'), data })).toMatchObject({ code: 0 });
    expect(await stored('configmap', 'applied')).toMatchObject({ data: { shown: 'newest' } });
  });

  test('server-side apply keeps what others own', async () => {
    await createMap('owned');
    const mine = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'owned' }, data: { mine: 'x' } };
    expect(await scene.kubectl(['apply', '--server-side', '--filename=-'], mine)).toMatchObject({ code: 0 });
    await expectStored('owned', { hidden: VALUE, shown: 'old', mine: 'x' });
  });

  test('replace with what it read is refused, with what is whole it is not', async () => {
    await createMap('replaced');
    const { stdout } = await scene.kubectl(['get', 'configmap', 'replaced', '--output=json']);
    expect(stdout).toContain('[MASKED:writing-back-maps]');
    expect(stdout).not.toContain(VALUE);
    const refused = await scene.kubectl(['replace', '--filename=-'], stdout);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('the body holds a placeholder of a masked value');
    await expectStored('replaced', { hidden: VALUE, shown: 'old' });
    const whole = stdout.replace('[MASKED:writing-back-maps]', 'a new value');
    expect(await scene.kubectl(['replace', '--filename=-'], whole)).toMatchObject({ code: 0 });
    await expectStored('replaced', { hidden: 'a new value', shown: 'old' });
  });

  test('patches of what is shown are made', async () => {
    await createMap('patched');
    for (const [type, patch] of [
      ['merge', '{"data":{"shown":"merged"}}'],
      ['strategic', '{"data":{"more":"strategic"}}'],
      ['json', '[{"op":"add","path":"/data/json","value":"patched"}]'],
    ] as const)
      expect(
        await scene.kubectl(['patch', 'configmap', 'patched', `--type=${type}`, `--patch=${patch}`]),
      ).toMatchObject({
        code: 0,
      });
    await expectStored('patched', { hidden: VALUE, shown: 'merged', more: 'strategic', json: 'patched' });
  });

  test.each([
    ['copy', '[{"op":"copy","from":"/data/hidden","path":"/data/shown"}]'],
    ['move', '[{"op":"move","from":"/data/hidden","path":"/data/shown"}]'],
    ['copy of all that is around it', '[{"op":"copy","from":"/data","path":"/binaryData"}]'],
    ['test', `[{"op":"test","path":"/data/hidden","value":"${VALUE}"}]`],
  ])('a JSON Patch that reads it is refused: %s', async (_, patch) => {
    const name = 'patch-reading';
    if ((await scene.kubectl(['get', 'configmap', name])).code !== 0) await createMap(name);
    const refused = await scene.kubectl(['patch', 'configmap', name, '--type=json', `--patch=${patch}`]);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('the patch copies, moves or tests a field that is masked for you');
    await expectStored(name, { hidden: VALUE, shown: 'old' });
  });

  test('a selector that names it is refused', async () => {
    const refused = await scene.kubectl(['get', 'configmaps', '--selector=hidden=a']);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('the selector names a field or a label that is masked for you');
    expect(await scene.kubectl(['get', 'configmaps', '--selector=shown=a'])).toMatchObject({ code: 0 });
  });

  test('a placeholder of another resource is refused, in whatever encoding', async () => {
    for (const [type, body] of [
      ['application/json', JSON.stringify({ metadata: { name: 'other' }, data: { a: 'x [MASKED:secret] y' } })],
      ['application/yaml', 'metadata: {name: other}\ndata: {a: "[MASKED:writing-back-secrets]"}\n'],
      [
        'application/json',
        JSON.stringify({
          metadata: { name: 'other' },
          binaryData: { a: Buffer.from('[MASKED:secret]').toString('base64') },
        }),
      ],
    ] as const) {
      const answer = await scene.client.call({
        method: 'POST',
        path: maps,
        token: scene.token,
        headers: { 'content-type': type },
        body,
      });
      expect(answer, body).toMatchObject({ status: 400 });
      expect(answer.text).toContain('placeholder');
    }
  });

  test.each(['exec', 'attach', 'portforward'])('a session of %s is refused, as nobody can mask it', async (session) => {
    const path = `/api/v1/namespaces/${NAMESPACE}/pods/alone/${session}?command=id&stdout=true&ports=1`;
    const refused = await upgraded(path);
    expect(refused.status).toBe(403);
    expect(refused.text).toContain('the bytes of a session cannot be masked');
  });

  test('kubectl exec says so', async () => {
    const spec = { schedulerName: 'none', containers: [{ name: 'main', image: 'none' }] };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'alone' }, spec };
    await vi.waitFor(async () => {
      await scene.administer(['apply', '--filename=-'], pod);
    });
    const { code, stderr } = await scene.kubectl(['exec', 'alone', '--', 'id']);
    expect(code).not.toBe(0);
    expect(stderr).toContain('the bytes of a session cannot be masked');
  });
});

/** How the gateway answers who asks for a WebSocket. */
function upgraded(path: string): Promise<{ readonly status: number | undefined; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${gateway.url.replace('https', 'wss')}${path}`, ['v5.channel.k8s.io'], {
      ca: readFileSync(gateway.caFile),
      headers: { authorization: `Bearer ${scene.token}` },
    });
    socket.once('open', () => reject(new Error('the session was opened')));
    socket.once('error', reject);
    socket.once('unexpected-response', (_, response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.once('end', () => resolve({ status: response.statusCode, text }));
    });
  });
}

describe('a rule that comes while a watch is open', () => {
  test('ends it where it concerns the watch, and leaves the others', async () => {
    await createMap('watched');
    const secrets = `/api/v1/namespaces/${NAMESPACE}/secrets?watch=true`;
    const [concerned, other] = [
      await opener.open(`${maps}?watch=true`, scene.token),
      await opener.open(secrets, scene.token),
    ];
    await vi.waitFor(() => expect(concerned.text()).toContain('watched'));
    expect(concerned.text()).toContain('"shown":"old"');
    await scene.applyRule('writing-back-late', ['configmaps'], { fields: ['data.shown'] });
    await vi.waitFor(() => expect(concerned.hasEnded()).toBe(true), { timeout: 10_000 });
    expect(concerned.text()).toContain('the rules that mask what you receive have changed');
    expect(other.hasEnded()).toBe(false);
    other.close();
    const again = await opener.open(`${maps}?watch=true`, scene.token);
    await vi.waitFor(() => expect(again.text()).toContain('watched'));
    expect(again.text()).toContain('"shown":"[MASKED:writing-back-late]"');
    again.close();
    await scene.administer(['delete', 'maskingrule', 'writing-back-late']);
  });
});
