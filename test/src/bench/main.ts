import { readFileSync } from 'node:fs';
import { startTestGateway, startTestProduct } from '@chaperone/e2e/stack/test-gateway';
import { startTestStack } from '@chaperone/e2e/stack/test-stack';
import { mintToken } from '@chaperone/e2e/issuer/issue-token';
import { gatewayContext } from '../proxy/gateway-context.ts';
import { newBenchCluster } from './bench-cluster.ts';
import { benchDecisions } from './decisions.ts';
import { benchGets, UNRECORDED } from './gets.ts';
import { benchLists } from './lists.ts';
import type { Path } from './load.ts';
import { table, type Line } from './report.ts';
import { benchCopies, benchExec } from './streams.ts';
import { benchWatches } from './watches.ts';

/**
 * Benchmarks of the gateway against the direct path to the same API server, all on this machine: medians of interleaved
 * runs. `--only gets,lists` runs a part, `--with-node` adds the parts that need a node. Ends with 1 where a bound is
 * missed.
 */
const NODE_PARTS = ['exec', 'cp'];
const withNode = process.argv.includes('--with-node');
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1]?.split(',') : undefined;
const wanted = (name: string): boolean => only === undefined || only.includes(name);
const progress = (line: string): void => void process.stderr.write(`${line}\n`);

const overrides = { configuration: { log: { level: 'warn', access: false } } };

/** Kubernetes, where asked for with a node, and Chaperone before it. */
async function start() {
  if (!withNode) return startTestGateway('bench', { overrides });
  const stack = await startTestStack(progress, { withNode, withElasticsearch: false });
  try {
    const { controlPlane, issuer } = stack.servers;
    const product = await startTestProduct(stack, { controlPlane, issuer, overrides });
    return { ...stack, controlPlane, issuer, product };
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

progress('Starting Kubernetes and Chaperone');
const running = await start();
const lines: Line[] = [];
try {
  const context = gatewayContext(running);
  const client = newBenchCluster(context);
  const token = await mintToken(running.issuer.directory, {
    user: 'agent@example.com',
    groups: ['agents'],
    expiresIn: 3_600,
  });
  await client.applyPolicy('bench', {
    mode: 'Enforce',
    subjects: [{ kind: 'Group', name: 'agents' }],
    rules: [
      {
        name: 'read',
        action: 'Allow',
        verbs: ['get', 'list', 'watch', 'update'],
        apiGroups: [''],
        resources: ['configmaps', 'pods'],
        namespaces: ['default'],
      },
      {
        name: 'unrecorded',
        action: 'Allow',
        verbs: ['get'],
        apiGroups: [''],
        resources: ['configmaps'],
        namespaces: [UNRECORDED],
        auditLevel: 'None',
      },
      { name: 'exec', action: 'Allow', verbs: ['create'], apiGroups: [''], resources: ['pods/exec'] },
    ],
  });
  const directToken = await client.directToken();
  const ca = readFileSync(context.caFile, 'utf8');
  const paths: Record<Path['name'], Path> = {
    direct: { name: 'direct', origin: context.kubeApiUrl, ca, headers: { authorization: `Bearer ${directToken}` } },
    gateway: { name: 'gateway', origin: context.url, ca, headers: { authorization: `Bearer ${token}` } },
  };
  const record = running.supervisor.running().find(({ name }) => name === 'gateway');
  const pid = record?.pid ?? 0;
  if (wanted('gets')) lines.push(...(await benchGets({ paths, kubectl: client.kubectl, progress })));
  if (wanted('lists')) lines.push(...(await benchLists({ paths, kubectl: client.kubectl, pid, progress })));
  if (wanted('watches')) lines.push(...(await benchWatches({ paths, kubectl: client.kubectl, pid, progress })));
  if (wanted('decisions')) lines.push(...benchDecisions());
  if (withNode) {
    const kubeconfigs = { direct: context.adminKubeconfig, gateway: running.product.gateway.agentKubeconfig };
    const { binDirectory } = context;
    const options = { binDirectory, kubeconfigs, kubectl: client.kubectl, pid, progress };
    if (wanted('exec')) lines.push(...(await benchExec(options)));
    if (wanted('cp')) lines.push(...(await benchCopies(options)));
  } else if (NODE_PARTS.some(wanted)) progress('Left out without WITH_NODE=1 (Linux, root): exec and cp');
} finally {
  // Also where a part failed: what was measured until then is told.
  process.stdout.write(table(lines));
  await running.stop();
}
process.exitCode = lines.some(({ met }) => met === false) ? 1 : 0;
