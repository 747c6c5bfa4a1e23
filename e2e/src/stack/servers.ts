import { startControlPlane, type ControlPlane, type ControlPlanePorts } from '../cluster/control-plane.ts';
import type { Programs } from '../cluster/build.ts';
import { clusterCredentials } from '../cluster/credentials.ts';
import { startElasticsearch, type Elasticsearch } from '../elasticsearch/elasticsearch.ts';
import { removeStateDirectory } from '../elasticsearch/state-directory.ts';
import { startIssuer, type Issuer } from '../issuer/issuer.ts';
import { cleanNode, prepareNode, startNode, stopNode } from '../node/node.ts';
import type { NodeTools } from '../node/packages.ts';
import { reportStep, type Report } from '../process/progress.ts';
import type { Supervisor } from '../process/supervisor.ts';
import type { StackDirectories } from './directories.ts';

/** Audience that tokens for Chaperone carry. */
export const AUDIENCE = 'chaperone';

export interface ServersOptions {
  readonly directories: StackDirectories;
  readonly programs: Programs;
  readonly ports: ControlPlanePorts & { readonly elasticsearch: number; readonly issuer: number };
  readonly withNode: boolean;
  /** True unless given. */
  readonly withElasticsearch?: boolean;
  readonly cacheDirectory: string;
  readonly report: Report;
  /** Called when the machine's node is this stack's. */
  readonly onNodeClaimed?: () => void;
}

/** What the product needs around it. */
export interface Servers {
  readonly controlPlane: ControlPlane;
  readonly issuer: Issuer;
  /** Settles when it answers: it takes longest, and not all that waits for the others waits for it. */
  readonly elasticsearch: Promise<Elasticsearch | undefined>;
  readonly elasticsearchUrl: string;
}

/**
 * Starts what does not run yet, all at once, and waits until all but Elasticsearch are ready. When one fails, the
 * failure is thrown once the others have settled, so that nobody clears up while processes are still being started.
 */
export async function startServers(supervisor: Supervisor, options: ServersOptions): Promise<Servers> {
  const { directories, ports, report } = options;
  // First of all: the API server advertises the address of the node's bridge.
  const tools = options.withNode ? await prepareNode(directories.root, report) : undefined;
  if (options.withNode) options.onNodeClaimed?.();
  // Made before the servers start side by side, as two of them have certificates of this authority.
  const { authority } = await clusterCredentials(directories.kubernetes);
  const elasticsearch =
    options.withElasticsearch === false
      ? Promise.resolve(undefined)
      : startElasticsearch(supervisor, { httpPort: ports.elasticsearch, report });
  const starting = [
    startKubernetes(supervisor, options, tools),
    reportStep(report, 'Starting the OIDC issuer', () =>
      startIssuer(supervisor, {
        directory: directories.issuer,
        port: ports.issuer,
        certificateAuthority: authority,
        audience: AUDIENCE,
      }),
    ),
  ] as const;
  // Whoever waits for it sees its failure; until then it must not count as an unhandled rejection.
  elasticsearch.catch(() => {});
  const outcomes = await Promise.allSettled(starting);
  if (outcomes.some((outcome) => outcome.status === 'rejected')) await Promise.allSettled([elasticsearch]);
  const [controlPlane, issuer] = await Promise.all(starting);
  return { controlPlane, issuer, elasticsearch, elasticsearchUrl: `http://127.0.0.1:${ports.elasticsearch}` };
}

async function startKubernetes(
  supervisor: Supervisor,
  { directories, programs, ports, report, withNode, cacheDirectory }: ServersOptions,
  tools: NodeTools | undefined,
): Promise<ControlPlane> {
  const controlPlane = await reportStep(report, 'Starting Kubernetes', () =>
    startControlPlane(supervisor, {
      directory: directories.kubernetes,
      etcdDirectory: directories.etcd,
      programs,
      ports,
      withNode,
    }),
  );
  if (tools !== undefined) {
    const { url: server, credentials, adminKubeconfig } = controlPlane;
    await reportStep(report, 'Starting the node', () =>
      startNode(supervisor, { tools, programs, server, credentials, adminKubeconfig, cacheDirectory }),
    );
  }
  return controlPlane;
}

/** Ends all that `startServers` started and all that it left outside of the stack's directory, in whatever state it is. */
export async function endServers(supervisor: Supervisor, report?: (name: string) => void): Promise<void> {
  // The node's containers are ended through its programs, and those before the API server that they report to.
  await stopNode(supervisor);
  await supervisor.stopAll(report);
  await cleanNode(supervisor.directory);
  removeStateDirectory(supervisor.directory);
}
