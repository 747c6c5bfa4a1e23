import { createHash } from 'node:crypto';
import { canonicalJson } from '@chaperone/crds/bundle/canonical-json';
import type {
  ConfigMap,
  Deployment,
  PodDisruptionBudget,
  Service,
  ServiceAccount,
  StatefulSet,
} from '@chaperone/crds/client/kinds';
import type { OwnerReference } from '@chaperone/crds/client/kubernetes-object';
import type { ApplyConfiguration } from '@chaperone/crds/client/resource-client';
import type { GatewayConfiguration } from './configuration.ts';

/** Name of the workload and of what belongs to it; the chart lets the operator write these and no others. */
export const WORKLOAD_NAME = 'chaperone-proxy';
/** The proxy's configuration, one key. */
export const CONFIGURATION_CONFIG_MAP = 'chaperone-proxy-configuration';
export const CONFIGURATION_KEY = 'config.json';
/** On the pod template: another value rolls the pods. */
export const CONFIGURATION_HASH_ANNOTATION = 'chaperone.dev/configuration-hash';

const CONFIGURATION_DIRECTORY = '/etc/chaperone/configuration';
const TLS_DIRECTORY = '/etc/chaperone/tls';
const CREDENTIALS_DIRECTORY = '/etc/chaperone/credentials';
const STATE_DIRECTORY = '/var/lib/chaperone';
/** The `nonroot` user of distroless images; the image's own user is not relied on. */
const USER = 65_532;

export interface WorkloadInput {
  readonly configuration: GatewayConfiguration;
  readonly namespace: string;
  readonly ownerReferences: readonly OwnerReference[];
  /** Of the proxy's ServiceAccount: tokens of one that was made anew are others, so that pods have to be, too. */
  readonly serviceAccountUid: string | undefined;
}

/** All that makes up the gateway in its namespace. Exactly one of `deployment` and `statefulSet` is there. */
export interface Workload {
  readonly configMap: ApplyConfiguration<ConfigMap>;
  readonly service: ApplyConfiguration<Service>;
  readonly podDisruptionBudget: ApplyConfiguration<PodDisruptionBudget>;
  readonly deployment: ApplyConfiguration<Deployment> | undefined;
  readonly statefulSet: ApplyConfiguration<StatefulSet> | undefined;
}

const selector = {
  'app.kubernetes.io/name': 'chaperone',
  'app.kubernetes.io/component': 'proxy',
} as const;

const labels: Readonly<Record<string, string>> = {
  ...selector,
  'app.kubernetes.io/part-of': 'chaperone',
  'app.kubernetes.io/managed-by': 'chaperone-operator',
};

type PodTemplate = NonNullable<Deployment['spec']>['template'];
type PodSpec = NonNullable<PodTemplate['spec']>;
type Container = PodSpec['containers'][number];

/** The objects that a configuration asks for. Pure, and the same for the same input. */
export function workloadOf(input: WorkloadInput): Workload {
  const { configuration, namespace } = input;
  const { persistence } = configuration.wal;
  const metadata = (name: string) => ({
    name,
    namespace,
    labels: { ...labels },
    ownerReferences: [...input.ownerReferences],
  });
  const configText = canonicalJson(configuration.proxy.configuration);
  const template = podTemplate(input, configText);
  const replicas = configuration.replicas === null ? {} : { replicas: configuration.replicas };
  return {
    configMap: {
      metadata: metadata(CONFIGURATION_CONFIG_MAP),
      data: { [CONFIGURATION_KEY]: configText },
    },
    service: {
      metadata: { ...metadata(WORKLOAD_NAME), annotations: { ...configuration.service.annotations } },
      spec: {
        type: configuration.service.type,
        selector: { ...selector },
        ports: [{ name: 'https', port: configuration.service.port, targetPort: 'https', protocol: 'TCP' }],
      },
    },
    podDisruptionBudget: {
      metadata: metadata(WORKLOAD_NAME),
      spec: {
        maxUnavailable: 1,
        selector: { matchLabels: { ...selector } },
        // One that does not work anyway must not keep a node from being drained.
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
      },
    },
    deployment:
      persistence === undefined
        ? {
            metadata: metadata(WORKLOAD_NAME),
            spec: {
              ...replicas,
              selector: { matchLabels: { ...selector } },
              // A new one first: callers are never without a replica.
              strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
              template,
            },
          }
        : undefined,
    statefulSet:
      persistence === undefined
        ? undefined
        : {
            metadata: metadata(WORKLOAD_NAME),
            spec: {
              ...replicas,
              serviceName: WORKLOAD_NAME,
              selector: { matchLabels: { ...selector } },
              // Replicas do not need each other; records on the volumes outlive the set.
              podManagementPolicy: 'Parallel',
              persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
              template,
              volumeClaimTemplates: [
                {
                  metadata: { name: 'state', labels: { ...selector } },
                  spec: {
                    accessModes: ['ReadWriteOnce'],
                    resources: { requests: { storage: persistence.size } },
                    ...(persistence.storageClassName === undefined
                      ? {}
                      : { storageClassName: persistence.storageClassName }),
                  },
                },
              ],
            },
          },
  };
}

/**
 * Stands in for the ServiceAccount that the chart installs, where somebody deleted it. Without labels: Helm applies its
 * own at the next upgrade, and would be refused what somebody else owns.
 */
export const serviceAccountOf = (
  name: string,
  { namespace, ownerReferences }: Pick<WorkloadInput, 'namespace' | 'ownerReferences'>,
): ApplyConfiguration<ServiceAccount> => ({
  metadata: { name, namespace, ownerReferences: [...ownerReferences] },
});

function podTemplate({ configuration, serviceAccountUid }: WorkloadInput, configText: string): PodTemplate {
  const { proxy } = configuration;
  const spec: PodSpec = {
    serviceAccountName: configuration.serviceAccountName,
    // Said here, so that nobody can take the token away, and with it the gateway, at the account.
    automountServiceAccountToken: true,
    terminationGracePeriodSeconds: proxy.terminationGracePeriodSeconds,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      fsGroup: USER,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    topologySpreadConstraints: ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
      maxSkew: 1,
      topologyKey,
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels: { ...selector } },
    })),
    containers: [container(configuration)],
    volumes: [
      { name: 'configuration', configMap: { name: CONFIGURATION_CONFIG_MAP } },
      // Not the key of the authority, which lies in the same Secret.
      {
        name: 'tls',
        secret: {
          secretName: configuration.tls.secretName,
          items: ['tls.crt', 'tls.key'].map((key) => ({ key, path: key })),
          defaultMode: 0o440,
        },
      },
      ...(proxy.credentialsSecretName === undefined
        ? []
        : [{ name: 'credentials', secret: { secretName: proxy.credentialsSecretName, defaultMode: 0o440 } }]),
      ...(configuration.wal.persistence === undefined
        ? [{ name: 'state', emptyDir: { sizeLimit: configuration.wal.emptyDirSizeLimit } }]
        : []),
    ],
    ...(proxy.nodeSelector === undefined ? {} : { nodeSelector: { ...proxy.nodeSelector } }),
    ...(proxy.priorityClassName === undefined ? {} : { priorityClassName: proxy.priorityClassName }),
    ...(proxy.imagePullSecrets.length === 0
      ? {}
      : { imagePullSecrets: proxy.imagePullSecrets.map((name) => ({ name })) }),
  };
  return {
    metadata: {
      labels: { ...labels },
      annotations: { [CONFIGURATION_HASH_ANNOTATION]: hashOf([configText, spec, serviceAccountUid ?? '']) },
    },
    spec,
  };
}

function container({ proxy }: GatewayConfiguration): Container {
  const probe = (path: string, periodSeconds: number, failureThreshold: number) => ({
    httpGet: { path, port: 'admin', scheme: 'HTTP' },
    periodSeconds,
    failureThreshold,
    timeoutSeconds: 5,
  });
  const field = (name: string, fieldPath: string) => ({
    name,
    valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } },
  });
  return {
    name: 'proxy',
    image: proxy.image,
    imagePullPolicy: proxy.imagePullPolicy,
    args: [`--config=${CONFIGURATION_DIRECTORY}/${CONFIGURATION_KEY}`],
    // The Lease is named after the pod, and the token says which pod that is.
    env: [field('POD_NAME', 'metadata.name'), field('POD_NAMESPACE', 'metadata.namespace')],
    ports: [
      { name: 'https', containerPort: proxy.ports.https, protocol: 'TCP' },
      { name: 'admin', containerPort: proxy.ports.admin, protocol: 'TCP' },
    ],
    startupProbe: probe('/healthz', 2, 60),
    livenessProbe: probe('/healthz', 10, 3),
    readinessProbe: probe('/readyz', 5, 2),
    resources: {
      ...(proxy.resources.requests === undefined ? {} : { requests: { ...proxy.resources.requests } }),
      ...(proxy.resources.limits === undefined ? {} : { limits: { ...proxy.resources.limits } }),
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'configuration', mountPath: CONFIGURATION_DIRECTORY, readOnly: true },
      { name: 'tls', mountPath: TLS_DIRECTORY, readOnly: true },
      ...(proxy.credentialsSecretName === undefined
        ? []
        : [{ name: 'credentials', mountPath: CREDENTIALS_DIRECTORY, readOnly: true }]),
      { name: 'state', mountPath: STATE_DIRECTORY },
    ],
  };
}

const hashOf = (value: unknown): string => createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 32);
