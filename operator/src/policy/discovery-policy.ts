import { BUNDLE_LABEL } from '@chaperone/crds/bundle/configmaps';
import { isAlreadyExists, isConflict, isNotFound } from '@chaperone/crds/client/api-error';
import type { ConfigMap } from '@chaperone/crds/client/kinds';
import type { OwnerReference } from '@chaperone/crds/client/kubernetes-object';
import type { ResourceClient } from '@chaperone/crds/client/resource-client';
import type { AgentPolicy } from '@chaperone/crds/v1alpha1/agentpolicy';
import type { AgentPolicySpec } from '@chaperone/crds/v1alpha1/generated/api';
import type { Reconciler, Request } from '../runtime/reconciler.ts';

export const DISCOVERY_POLICY = 'chaperone-discovery';
export const DISCOVERY_REQUEST: Request = { name: DISCOVERY_POLICY };

/**
 * That the policy has been applied. A ConfigMap of its own, as the head of the bundle may have to be made anew; with the
 * bundle's label and prefix, so that only the operator can write it.
 */
export const INSTALLATION_MARKER = 'chaperone-bundle-installation';

/** What clients ask before they ask for anything, for every authenticated caller. */
export const discoveryPolicySpec: AgentPolicySpec = {
  mode: 'Enforce',
  subjects: [{ kind: 'Group', name: 'system:authenticated' }],
  rules: [
    {
      name: 'discovery-and-health',
      action: 'Allow',
      verbs: ['get'],
      nonResourceURLs: [
        '/api',
        '/api/*',
        '/apis',
        '/apis/*',
        '/openapi/*',
        '/version',
        '/healthz*',
        '/livez*',
        '/readyz*',
      ],
      reason: 'Clients read discovery, OpenAPI, version and health before anything else',
      // Their bodies are the same for everybody, and large.
      auditLevel: 'Metadata',
    },
    {
      name: 'self-reviews',
      action: 'Allow',
      verbs: ['create'],
      apiGroups: ['authentication.k8s.io'],
      resources: ['selfsubjectreviews'],
      reason: 'Callers may ask who they are',
    },
    {
      name: 'self-access-reviews',
      action: 'Allow',
      verbs: ['create'],
      apiGroups: ['authorization.k8s.io'],
      resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
      reason: 'Callers may ask what they may do',
    },
  ],
};

export interface DiscoveryPolicyOptions {
  readonly policies: Pick<ResourceClient<AgentPolicy>, 'get' | 'apply'>;
  readonly configMaps: Pick<ResourceClient<ConfigMap>, 'get' | 'create'>;
  readonly namespace: string;
  readonly ownerReferences?: readonly OwnerReference[];
}

/**
 * Applies the policy once per installation. The marker is written after it, so a process that ends in between applies it
 * again rather than never; from then on the policy belongs to the administrator, who may change or remove it for good.
 */
export function newDiscoveryPolicyReconciler(options: DiscoveryPolicyOptions): Reconciler {
  const { policies, configMaps, namespace } = options;
  const marker = { name: INSTALLATION_MARKER, namespace };

  return {
    async reconcile(_request, { signal, logger }) {
      if (await exists(configMaps.get(marker, { signal }))) {
        return {};
      }
      if (!(await exists(policies.get({ name: DISCOVERY_POLICY }, { signal })))) {
        try {
          // By apply, whose URL holds the name: the operator may create this one policy and no other.
          await policies.apply({ metadata: { name: DISCOVERY_POLICY }, spec: discoveryPolicySpec }, { signal });
          logger.info('Applied policy', { policy: DISCOVERY_POLICY });
        } catch (error) {
          // Somebody made one of that name a moment ago, which is as good.
          if (!isConflict(error)) {
            throw error;
          }
        }
      }
      try {
        await configMaps.create(
          {
            metadata: {
              ...marker,
              labels: { 'app.kubernetes.io/name': 'chaperone', [BUNDLE_LABEL]: 'installation' },
              ...(options.ownerReferences === undefined ? {} : { ownerReferences: [...options.ownerReferences] }),
            },
            // For people who look: not read back.
            data: { appliedOnce: DISCOVERY_POLICY },
          },
          { signal },
        );
      } catch (error) {
        if (!isAlreadyExists(error)) {
          throw error;
        }
      }
      return {};
    },
  };
}

async function exists(reading: Promise<unknown>): Promise<boolean> {
  try {
    await reading;
    return true;
  } catch (error) {
    if (isNotFound(error)) {
      return false;
    }
    throw error;
  }
}
