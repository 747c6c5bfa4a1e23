import { join } from 'node:path';
import { buildPreviousKubectl, defaultCacheDirectory } from '@chaperone/e2e/cluster/build';
import { runCommand } from '@chaperone/e2e/process/run-command';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { errors } from './clients-kubectl/errors.ts';
import { reading } from './clients-kubectl/reading.ts';
import { runScenario, type Kubectl } from './clients-kubectl/run-scenario.ts';
import type { Scenarios } from './clients-kubectl/scenario.ts';
import { workloads } from './clients-kubectl/workloads.ts';
import { writing } from './clients-kubectl/writing.ts';
import { clientPaths, everythingFor, type ClientPaths } from './clients-paths.ts';
import { createTwins, deleteTwins, newTwins } from './clients-twins.ts';
import { newGatewayClient, type GatewayClient } from './gateway-client.ts';

const SCENARIOS: Scenarios = { ...reading, ...writing, ...workloads, ...errors };
const GROUP = 'clients-kubectl';
const VERSIONS = ['current', 'previous'] as const;

/** What kubectl does by other requests than before, as versions change; the rest is the same code. */
const OF_THE_PREVIOUS: ReadonlySet<string> = new Set([
  'get prints objects in every format',
  'watches show what is there, and end when they are told to',
  'apply goes by what was applied before',
  'apply on the server tells who owns what',
  'objects are patched, edited, labelled and replaced',
  'what is not valid is told, field by field',
  'what RBAC refuses is told in its own words',
  'certificates are approved and denied',
]);

const runs = VERSIONS.flatMap((version) =>
  Object.entries(SCENARIOS)
    .filter(([name]) => version === 'current' || OF_THE_PREVIOUS.has(name))
    .map(([name, steps]) => ({ version, name, steps, twins: newTwins() })),
);

let client: GatewayClient;
let privileged: ClientPaths;
let unprivileged: ClientPaths;
let kubectls: Readonly<Record<(typeof VERSIONS)[number], Kubectl>>;

beforeAll(async () => {
  const context = inject('gateway');
  client = newGatewayClient(context);
  const caller = (user: string, groups: string[]): Promise<ClientPaths> =>
    clientPaths(context, client, { user: `${user}@example.com`, groups });
  [privileged, unprivileged] = await Promise.all([
    caller('clients-kubectl', ['agents', GROUP]),
    caller('clients-unprivileged', [GROUP]),
    client.applyPolicy(GROUP, everythingFor(GROUP)),
    createTwins(
      client,
      runs.map(({ twins }) => twins),
    ),
  ]);
  const callers = { privileged, unprivileged };
  const servers = { direct: new URL(context.kubeApiUrl).host, gateway: new URL(context.url).host };
  const previous = await buildPreviousKubectl({
    cacheDirectory: defaultCacheDirectory(process.env),
    report: () => undefined,
  });
  const current = join(context.binDirectory, 'kubectl');
  kubectls = {
    current: { program: current, callers, servers },
    previous: { program: previous, callers, servers },
  };
});

afterAll(async () => {
  await deleteTwins(
    client,
    runs.map(({ twins }) => twins),
  );
  await client.deletePolicy(GROUP);
  await client.close();
  privileged.remove();
  unprivileged.remove();
});

test('the two kubectls are a minor apart', async () => {
  const minors = await Promise.all(
    VERSIONS.map(async (version) => {
      const { stdout } = await runCommand(kubectls[version].program, ['version', '--client', '--output=json']);
      return Number(/"minor": "(\d+)"/.exec(stdout)?.[1]);
    }),
  );
  expect((minors[0] ?? 0) - (minors[1] ?? 0)).toBe(1);
});

test.for(VERSIONS)('impersonation is refused to the %s kubectl in words that help', async (version) => {
  const words =
    'impersonation is not served: calls are forwarded under the name of their caller; leave out --as: impersonate-user';
  const { program } = kubectls[version];
  const cache = `--cache-dir=${join(privileged.directory, `cache-${version}`)}`;
  const args = [`--kubeconfig=${privileged.kubeconfig.gateway}`, cache, '--namespace=default', 'get', 'configmaps'];
  const unaware = await runCommand(program, [...args, '--as=somebody']);
  // kubectl asks for discovery first, and does not read why that is refused: a warning tells.
  expect(unaware.code).toBe(1);
  expect(unaware.stderr.split('\n')).toContain(`Warning: ${words}`);
  expect(await runCommand(program, args)).toMatchObject({ code: 0 });
  expect(await runCommand(program, [...args, '--as=somebody'])).toEqual({
    code: 1,
    stdout: '',
    stderr: `Error from server (Forbidden): ${words}\n`,
  });
});

describe.concurrent('kubectl shows the same through the gateway as without it', () => {
  test.for(runs)('$version kubectl: $name', { timeout: 180_000 }, async ({ version, steps, twins }) => {
    const shown = await runScenario(kubectls[version], twins, steps);
    expect(shown.gateway).toEqual(shown.direct);
  });
});
