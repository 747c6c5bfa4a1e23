import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '@chaperone/e2e/process/run-command';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { normalise } from './clients-normalise.ts';
import { bothWays, PATHS, type ClientPaths, type PathName } from './clients-paths.ts';
import { startClientsScene, type ClientsScene } from './clients-scene.ts';
import { newTwins } from './clients-twins.ts';

const GROUP = 'clients-helm';
const twins = newTwins();

let scene: ClientsScene;
let paths: ClientPaths;

beforeAll(async () => {
  scene = await startClientsScene(GROUP, twins);
  ({ paths } = scene);
  for (const path of PATHS) copyChart(path);
});

afterAll(async () => {
  await scene.client.kubectl(['delete', 'customresourcedefinition', ...PATHS.map(definition), '--ignore-not-found']);
  await scene.end();
});

const chart = (path: PathName): string => join(paths.directory, `chart-${path}`);
const definition = (path: PathName): string => `widgets.${twins.suffix[path]}.example.com`;

/** CRDs of a chart are no templates, and belong to the whole cluster: each way has a chart of its own. */
function copyChart(path: PathName): void {
  cpSync(join(import.meta.dirname, 'clients-helm', 'chart'), chart(path), { recursive: true });
  for (const name of readdirSync(chart(path), { recursive: true, encoding: 'utf8' })) {
    const file = join(chart(path), name);
    if (!statSync(file).isFile()) continue;
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('{twin}', twins.suffix[path]));
  }
}

/** The life of a release. `{chart}` is the directory of the chart. */
const LIFE: readonly string[] = [
  'install first {chart} --dry-run=server --hide-secret',
  'install first {chart} --wait --timeout=60s --description=begin',
  'install first {chart}',
  'list',
  'status first',
  'get all first',
  'get values first --all',
  'upgrade first {chart} --set=colour=red --set=extra=true --wait --timeout=60s',
  'upgrade first {chart} --set=broken=true',
  'upgrade first {chart} --set=broken=true --rollback-on-failure --timeout=60s',
  'upgrade first {chart} --reuse-values --set=colour=green --server-side=true --force-conflicts',
  'upgrade none {chart}',
  'upgrade second {chart} --install --skip-crds --timeout=60s',
  'history first',
  'rollback first 1 --wait --timeout=60s',
  'rollback first 99',
  'history first --output=yaml',
  'template first {chart} --validate --show-only=templates/objects.yaml',
  'uninstall second --dry-run',
  'uninstall second --wait --timeout=60s',
  'uninstall first --keep-history --timeout=60s',
  'list --all',
  'rollback first 1',
  'uninstall first --wait --timeout=60s',
  'uninstall first',
  'status first',
];

const inOrder = (lines: readonly string[], sorted: boolean): readonly string[] => (sorted ? lines.toSorted() : lines);

/** What is left in the namespace, by which it is seen what helm did with hooks and objects. */
const LEFT = 'configmaps,secrets,serviceaccounts,deployments,roles';

test('helm does a release with CRDs and hooks the same through the gateway as without it', async () => {
  const { binDirectory, kubeApiUrl, url } = inject('gateway');
  const shown = async (path: PathName): Promise<unknown[]> => {
    const known = new Map([
      [twins.namespace[path], '<namespace>'],
      [twins.suffix[path], '<twin>'],
      [chart(path), '<chart>'],
      [paths.kubeconfig[path], '<kubeconfig>'],
      [kubeApiUrl, '<server>'],
      [url, '<server>'],
    ]);
    const steps: unknown[] = [];
    for (const step of LIFE) {
      const words = step.split(' ').map((word) => word.replace('{chart}', chart(path)));
      const args = [...words, `--kubeconfig=${paths.kubeconfig[path]}`, `--namespace=${twins.namespace[path]}`];
      const env = { ...process.env, HELM_CACHE_HOME: join(paths.directory, `helm-${path}`) };
      const { code, stdout, stderr } = await runCommand(join(binDirectory, 'helm'), args, { env });
      const changes = /^(?:install|upgrade|rollback|uninstall) /.test(step);
      const left = changes
        ? await scene.client.kubectl(['get', LEFT, '--output=name', `--namespace=${twins.namespace[path]}`])
        : undefined;
      steps.push({
        step,
        code,
        // helm status lists resources in any order.
        stdout: inOrder(normalise(stdout, known).split('\n'), step.startsWith('status')),
        stderr: normalise(stderr, known).split('\n'),
        left: left?.stdout.split('\n'),
      });
    }
    return steps;
  };
  const [direct, gateway] = await Promise.all([shown('direct'), shown('gateway')]);
  expect(gateway).toEqual(direct);
  // That it was a life at all.
  const codes = direct.map((step) => (step instanceof Object && 'code' in step ? step.code : undefined));
  expect(codes.filter((code) => code === 0).length).toBeGreaterThan(14);
  expect(
    await bothWays((path) =>
      scene.client.kubectl(['get', 'customresourcedefinition', definition(path), '--output=name']),
    ),
  ).toMatchObject({
    direct: { code: 0 },
    gateway: { code: 0 },
  });
}, 300_000);
