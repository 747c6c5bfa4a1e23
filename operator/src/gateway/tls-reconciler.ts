import { isDeepStrictEqual } from 'node:util';
import { isNotFound } from '@chaperone/crds/client/api-error';
import type { Clock } from '@chaperone/crds/client/clock';
import { clusterRoles, configMaps, secrets, type ClusterRole, type Secret } from '@chaperone/crds/client/kinds';
import type { KubernetesObject, Stored } from '@chaperone/crds/client/kubernetes-object';
import { resource } from '@chaperone/crds/client/resource';
import type { Client } from '@chaperone/crds/client/resource-client';
import type { EventRecorder } from '../runtime/events.ts';
import type { ReconcileContext, Reconciler, Result } from '../runtime/reconciler.ts';
import { configMapFields, secretFields } from './child-fields.ts';
import {
  applyChild,
  findChild,
  ReleaseMissingError,
  releaseOwner,
  releaseReference,
  writeChild,
} from './child-writer.ts';
import type { GatewayConfiguration } from './configuration.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import { judgeGiven, parsePair, servingNames, type CertificateFinding, type TlsRules } from './tls.ts';
import { readTlsState, rotate, textOf, TLS_KEYS, type TlsMaterial } from './tls-rotation.ts';
import { WORKLOAD_NAME } from './workload.ts';

/** ConfigMap with the authorities that a client of the gateway should trust, in key `ca.crt`. */
export const AUTHORITY_CONFIG_MAP = 'chaperone-ca';

interface Certificate extends KubernetesObject {
  spec: {
    secretName: string;
    dnsNames: string[];
    ipAddresses?: string[];
    issuerRef: { name: string; kind: string; group: string };
    usages: string[];
    privateKey: { algorithm: string; size: number; rotationPolicy: string };
  };
}

/** cert-manager's kind; whether the cluster serves it is found out by applying. */
const certificates = resource<Certificate>({
  group: 'cert-manager.io',
  version: 'v1',
  plural: 'certificates',
  kind: 'Certificate',
  namespaced: true,
});

export interface TlsReconcilerOptions {
  readonly client: Client;
  readonly namespace: string;
  readonly configuration: GatewayConfiguration;
  readonly recorder: Pick<EventRecorder, 'event'>;
  readonly metrics: Pick<GatewayMetrics, 'certificateEnds' | 'repaired'>;
  readonly clock: Clock;
}

/** What a person has to put right about the gateway's certificate. */
export interface TlsFinding {
  readonly reason: CertificateFinding['reason'] | 'CertManagerMissing' | 'AuthorityReplaced';
  readonly message: string;
}

export interface TlsReconciler extends Reconciler {
  /** What is wrong with the certificate at present. */
  finding(): TlsFinding | undefined;
}

const SECRET_TYPE = 'kubernetes.io/tls';
const DAY_MS = 86_400_000;
const LABELS = {
  'app.kubernetes.io/name': 'chaperone',
  'app.kubernetes.io/part-of': 'chaperone',
  'app.kubernetes.io/component': 'proxy',
  'app.kubernetes.io/managed-by': 'chaperone-operator',
} as const;
/** Timers are cut, and clocks are set: it is looked at this often at least. */
const MAX_WAIT_MS = 3_600_000;
const RELEASE_MISSING_MS = 30_000;

/** Keeps the gateway's certificate: makes and rotates it, or watches over one that somebody else provides. */
export function newTlsReconciler(options: TlsReconcilerOptions): TlsReconciler {
  const { client, namespace, configuration, recorder, metrics, clock } = options;
  const { tls } = configuration;
  const api = {
    releases: client.resource(clusterRoles),
    secrets: client.resource(secrets),
    configMaps: client.resource(configMaps),
    certificates: client.resource(certificates),
  };
  const secretName = { name: tls.secretName, namespace };
  const names = servingNames(WORKLOAD_NAME, namespace, tls);
  const rules: TlsRules = {
    names,
    certificateMs: tls.certificateDays * DAY_MS,
    authorityMs: tls.authorityDays * DAY_MS,
  };
  let finding: TlsFinding | undefined;

  const readSecret = (signal: AbortSignal): Promise<Stored<Secret> | undefined> =>
    findChild(api.secrets, secretName, signal);

  function find(next: TlsFinding | undefined, owner: Stored<ClusterRole>, { logger }: ReconcileContext): void {
    if (next !== undefined && next.message !== finding?.message) {
      recorder.event(owner, { type: 'Warning', reason: next.reason, action: 'CheckCertificate', note: next.message });
      logger.warn('The certificate of the gateway needs attention', { reason: next.reason, finding: next.message });
    } else if (next === undefined && finding !== undefined) {
      logger.info('The certificate of the gateway is in order again');
    }
    finding = next;
  }

  async function publish(bundle: string, owner: Stored<ClusterRole>, signal: AbortSignal): Promise<void> {
    const desired = {
      metadata: { name: AUTHORITY_CONFIG_MAP, namespace, labels: LABELS, ownerReferences: [releaseReference(owner)] },
      data: { 'ca.crt': bundle },
    };
    await writeChild(api.configMaps, desired, { fields: () => configMapFields(desired), signal });
  }

  async function writeSecret(material: TlsMaterial, owner: Stored<ClusterRole>, signal: AbortSignal): Promise<void> {
    const desired = {
      metadata: {
        ...secretName,
        labels: LABELS,
        annotations: { ...material.annotations },
        ownerReferences: [releaseReference(owner)],
      },
      type: SECRET_TYPE,
      data: encoded(material.data),
    };
    await writeChild(api.secrets, desired, { fields: () => secretFields(desired), signal });
  }

  async function selfSigned(owner: Stored<ClusterRole>, context: ReconcileContext): Promise<Result> {
    const { signal, logger } = context;
    const now = clock.now();
    const secret = await readSecret(signal);
    const state = readTlsState(secret, now);
    const material = await rotate(state, rules, now);
    if (secret === undefined || !holds(secret, material, owner)) {
      await writeSecret(material, owner, signal);
      const { authority, introduceNext, issueServing } = material.plan;
      metrics.repaired('Secret');
      logger.info("Wrote the gateway's certificate", { authority, introduceNext, issueServing });
    }
    // After the Secret: what clients are told of has to be there when it is needed.
    await publish(material.bundle, owner, signal);
    const replaced = secret !== undefined && material.plan.authority === 'create';
    find(replaced ? AUTHORITY_REPLACED : undefined, owner, context);
    metrics.certificateEnds(material.servingUntil / 1_000);
    return { requeueAfterMs: Math.min(Math.max(material.plan.wakeAt - now, 1_000), MAX_WAIT_MS) };
  }

  async function given(owner: Stored<ClusterRole>, context: ReconcileContext, first?: TlsFinding): Promise<Result> {
    const secret = await readSecret(context.signal);
    const certificate = textOf(secret, TLS_KEYS.certificate);
    const key = textOf(secret, TLS_KEYS.key);
    find(first ?? judgeGiven({ certificate, key }, { names, secretName: tls.secretName }, clock.now()), owner, context);
    const until = parsePair(certificate, key)?.validity.until;
    metrics.certificateEnds(until === undefined ? undefined : until / 1_000);
    const authority = textOf(secret, TLS_KEYS.authority);
    if (authority !== undefined && authority !== '') {
      await publish(authority, owner, context.signal);
    }
    return { requeueAfterMs: MAX_WAIT_MS };
  }

  async function certManager(owner: Stored<ClusterRole>, context: ReconcileContext): Promise<Result> {
    try {
      await applyChild(api.certificates, certificateOf(owner), context.signal);
    } catch (error) {
      if (!isNotFound(error)) {
        throw error;
      }
      const missing: TlsFinding = {
        reason: 'CertManagerMissing',
        message:
          'gateway.tls.mode is CertManager, and the cluster serves no cert-manager.io/v1: install cert-manager, or choose SelfSigned',
      };
      // It may come at any time, and no watch can be had on what is not served.
      return { ...(await given(owner, context, missing)), requeueAfterMs: 60_000 };
    }
    return given(owner, context);
  }

  function certificateOf(owner: Stored<ClusterRole>) {
    const { name = '', kind = 'Issuer', group = 'cert-manager.io' } = tls.issuerRef ?? {};
    return {
      metadata: { name: WORKLOAD_NAME, namespace, labels: LABELS, ownerReferences: [releaseReference(owner)] },
      spec: {
        secretName: tls.secretName,
        dnsNames: [...names.dnsNames],
        ...(names.ipAddresses.length === 0 ? {} : { ipAddresses: [...names.ipAddresses] }),
        issuerRef: { name, kind, group },
        usages: ['server auth', 'digital signature'],
        privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
      },
    };
  }

  return {
    finding: () => finding,
    async reconcile(_request, context): Promise<Result> {
      let owner: Stored<ClusterRole>;
      try {
        owner = await releaseOwner(api.releases, context.signal);
      } catch (error) {
        if (error instanceof ReleaseMissingError) {
          return { requeueAfterMs: RELEASE_MISSING_MS };
        }
        throw error;
      }
      switch (tls.mode) {
        case 'SelfSigned':
          return selfSigned(owner, context);
        case 'Secret':
          return given(owner, context);
        case 'CertManager':
          return certManager(owner, context);
        default:
          return tls.mode satisfies never;
      }
    },
  };
}

const AUTHORITY_REPLACED: TlsFinding = {
  reason: 'AuthorityReplaced',
  message: `The authority of the gateway's certificate could not be used and was made anew: give clients the new one, from ConfigMap ${AUTHORITY_CONFIG_MAP}`,
};

const encoded = (data: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]));

function holds(secret: Stored<Secret>, material: TlsMaterial, owner: Stored<ClusterRole>): boolean {
  return (
    isDeepStrictEqual({ ...secret.data }, encoded(material.data)) &&
    secret.type === SECRET_TYPE &&
    secret.immutable !== true &&
    Object.entries(material.annotations).every(([key, value]) => secret.metadata.annotations?.[key] === value) &&
    secret.metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) === true
  );
}
