import { startControlPlane, type ControlPlane, type ControlPlanePorts } from '../cluster/control-plane.ts';
import type { Programs } from '../cluster/build.ts';
import { clusterCredentials } from '../cluster/credentials.ts';
import { startElasticsearch, type Elasticsearch } from '../elasticsearch/elasticsearch.ts';
import { startIssuer, type Issuer } from '../issuer/issuer.ts';
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
  readonly report: Report;
}

/** What the product needs around it. */
export interface Servers {
  readonly controlPlane: ControlPlane;
  readonly elasticsearch: Elasticsearch;
  readonly issuer: Issuer;
}

/** Starts what does not run yet, all at once, and waits until all are ready; the first failure is thrown at the end. */
export async function startServers(supervisor: Supervisor, options: ServersOptions): Promise<Servers> {
  const { directories, ports, report } = options;
  // Made before the servers start side by side, as two of them have certificates of this authority.
  const { authority } = await clusterCredentials(directories.kubernetes);
  const starting = [
    reportStep(report, 'Starting Kubernetes', () =>
      startControlPlane(supervisor, {
        directory: directories.kubernetes,
        etcdDirectory: directories.etcd,
        programs: options.programs,
        ports,
        withNode: options.withNode,
      }),
    ),
    startElasticsearch(supervisor, { httpPort: ports.elasticsearch, report }),
    reportStep(report, 'Starting the OIDC issuer', () =>
      startIssuer(supervisor, {
        directory: directories.issuer,
        port: ports.issuer,
        certificateAuthority: authority,
        audience: AUDIENCE,
      }),
    ),
  ] as const;
  // A caller that clears up after a failure must not do so while the others are still being started.
  await Promise.allSettled(starting);
  const [controlPlane, elasticsearch, issuer] = await Promise.all(starting);
  return { controlPlane, elasticsearch, issuer };
}
