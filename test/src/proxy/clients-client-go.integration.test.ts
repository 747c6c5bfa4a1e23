import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLUSTER_MODULE } from '@chaperone/e2e/cluster/kubernetes-version';
import { runCommand } from '@chaperone/e2e/process/run-command';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bothWays, type ClientPaths } from './clients-paths.ts';
import { startClientsScene, type ClientsScene } from './clients-scene.ts';
import { newTwins } from './clients-twins.ts';

const GROUP = 'clients-client-go';
const twins = newTwins();
const directory = mkdtempSync(join(tmpdir(), 'clients-'));
const program = join(directory, 'clients');

let scene: ClientsScene;
let paths: ClientPaths;

beforeAll(async () => {
  [scene] = await Promise.all([startClientsScene(GROUP, twins), build()]);
  ({ paths } = scene);
}, 180_000);

afterAll(async () => {
  await scene.end();
  rmSync(directory, { recursive: true, force: true });
});

/** With the flags of the control plane's build, whose compiled packages the build cache then already holds. */
async function build(): Promise<void> {
  const args = ['build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', '-s -w', '-o', program];
  const { code, stderr } = await runCommand('go', [...args, './clients'], {
    cwd: CLUSTER_MODULE,
    env: { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOWORK: 'off' },
  });
  if (code !== 0) throw new Error(`go build of the client-go program failed: ${stderr}`);
}

test('a program on client-go, with protobuf and informers that list by watches, sees no difference', async () => {
  const { direct, gateway } = await bothWays((path) =>
    runCommand(program, [`--kubeconfig=${paths.kubeconfig[path]}`, `--namespace=${twins.namespace[path]}`]),
  );
  expect(direct).toMatchObject({ code: 0 });
  expect(gateway.stdout.split('\n')).toEqual(direct.stdout.split('\n'));
  expect(gateway.code).toBe(0);
  // What the transcript is to be about: else both might have fallen back to the same plain ways.
  expect(gateway.stdout).toMatch(
    /^asked GET .*sendInitialEvents=true.*-> 200 application\/vnd.kubernetes.protobuf;stream=watch$/m,
  );
  expect(gateway.stdout).toMatch(
    /^asked POST .*\(application\/vnd.kubernetes.protobuf, .*-> 201 application\/vnd.kubernetes.protobuf$/m,
  );
  expect(gateway.stdout).toMatch(
    /^asked GET .*as=PartialObjectMetadataList.*-> 200 application\/vnd.kubernetes.protobuf$/m,
  );
  expect(gateway.stdout).toMatch(
    /^asked GET \/apis\?.*apidiscovery.k8s.io.*-> 200 application\/json;.*as=APIGroupDiscoveryList/m,
  );
  expect(gateway.stdout).toContain('299 - "v1 Endpoints is deprecated');
}, 90_000);
