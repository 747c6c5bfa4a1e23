import { readFileSync } from 'node:fs';
import { startTestGateway, startTestProduct, type TestGateway } from '@chaperone/e2e/stack/test-gateway';
import { startTestStack } from '@chaperone/e2e/stack/test-stack';
import { mintToken } from '@chaperone/e2e/issuer/issue-token';
import { gatewayContext } from '../proxy/gateway-context.ts';
import { newBenchCluster } from './bench-cluster.ts';
import { benchDecisions } from './decisions.ts';
import { applyTarget, benchGets, benchRecording, INDEXED, UNRECORDED } from './gets.ts';
import { benchLists, NAMESPACE as PODS } from './lists.ts';
import type { Path } from './load.ts';
import { benchMasking } from './masking.ts';
import { table, type Line } from './report.ts';
import { benchShipper, withElasticsearch } from './shipping.ts';
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

/** Who calls, on both paths, and a policy that lets them. */
async function open(running: Pick<TestGateway, 'product' | 'controlPlane' | 'directories' | 'issuer' | 'supervisor'>) {
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
        namespaces: ['default', PODS],
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
  return { context, paths, kubectl: client.kubectl, pid: record?.pid ?? 0, progress };
}

async function benchGateway(lines: Line[]): Promise<void> {
  progress('Starting Kubernetes and Chaperone');
  const running = await start();
  try {
    const scene = await open(running);
    if (wanted('gets')) lines.push(...(await benchGets(scene)));
    if (wanted('lists')) lines.push(...(await benchLists(scene)));
    if (wanted('watches')) lines.push(...(await benchWatches(scene)));
    if (wanted('masking')) lines.push(...(await benchMasking(scene)));
    if (withNode) {
      const { adminKubeconfig: direct, binDirectory } = scene.context;
      const kubeconfigs = { direct, gateway: running.product.gateway.agentKubeconfig };
      if (wanted('exec')) lines.push(...(await benchExec({ ...scene, binDirectory, kubeconfigs })));
      if (wanted('cp')) lines.push(...(await benchCopies({ ...scene, binDirectory, kubeconfigs })));
    } else if (NODE_PARTS.some(wanted)) progress('Left out without WITH_NODE=1 (Linux, root): exec and cp');
  } finally {
    await running.stop();
  }
}

/** In production Elasticsearch has machines of its own; here it shares the processors. */
async function benchShipping(lines: Line[]): Promise<void> {
  progress('Starting Elasticsearch');
  await withElasticsearch(async (url) => {
    lines.push(...(await benchShipper(url, progress)));
    const elasticsearch = { nodes: [url], installTemplates: {} };
    const running = await startTestGateway('bench', {
      overrides: { configuration: { ...overrides.configuration, elasticsearch } },
    });
    try {
      const scene = await open(running);
      await applyTarget(scene.kubectl, INDEXED.namespace);
      lines.push(...(await benchRecording(scene, INDEXED)));
    } finally {
      await running.stop();
    }
  });
}

const GATEWAY_PARTS = ['gets', 'lists', 'watches', 'masking', ...(withNode ? NODE_PARTS : [])];
const lines: Line[] = [];
try {
  if (wanted('decisions')) lines.push(...benchDecisions());
  if (GATEWAY_PARTS.some(wanted)) await benchGateway(lines);
  if (wanted('shipping')) await benchShipping(lines);
} finally {
  // Also where a part failed: what was measured until then is told.
  process.stdout.write(table(lines));
}
process.exitCode = lines.some(({ met }) => met === false) ? 1 : 0;
