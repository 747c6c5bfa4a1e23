import { newInformer, type Informer } from '@chaperone/crds/client/informer';
import {
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
  type ValidatingAdmissionPolicy,
  type ValidatingAdmissionPolicyBinding,
} from '@chaperone/crds/client/kinds';
import type { KubeConfig } from '@chaperone/crds/client/kubeconfig';
import type { Client } from '@chaperone/crds/client/resource-client';
import type { LiveAdmissions } from './check.ts';
import type { AdmissionKind, ShippedAdmission } from './shipped.ts';

type AdmissionInformer = Informer<ValidatingAdmissionPolicy> | Informer<ValidatingAdmissionPolicyBinding>;

export interface AdmissionInformers extends LiveAdmissions {
  /** To be started and stopped with the others of the process. */
  readonly informers: readonly AdmissionInformer[];
}

/**
 * One informer per object, by field selector: RBAC can grant list and watch of named objects only so, and the operator
 * has no business with other people's admission policies.
 */
export function newAdmissionInformers(options: {
  readonly client: Client;
  readonly kubeConfig: KubeConfig;
  readonly shipped: readonly Pick<ShippedAdmission, 'kind' | 'name'>[];
}): AdmissionInformers {
  const { client, kubeConfig } = options;
  const entries = options.shipped.map(({ kind, name }) => ({ kind, name, informer: inform(kind, name) }));

  function inform(kind: AdmissionKind, name: string): AdmissionInformer {
    const shared = { client, kubeConfig, fieldSelector: `metadata.name=${name}` };
    switch (kind) {
      case 'ValidatingAdmissionPolicy':
        return newInformer({ ...shared, resource: validatingAdmissionPolicies });
      case 'ValidatingAdmissionPolicyBinding':
        return newInformer({ ...shared, resource: validatingAdmissionPolicyBindings });
      default:
        return kind satisfies never;
    }
  }

  return {
    informers: entries.map(({ informer }) => informer),
    find({ kind, name }) {
      const entry = entries.find((candidate) => candidate.kind === kind && candidate.name === name);
      return entry?.informer.lister.get({ name });
    },
    hasSynced: () => entries.every(({ informer }) => informer.hasSynced()),
    stalenessMs() {
      const all = entries.map(({ informer }) => informer.stalenessMs());
      return all.some((staleness) => staleness === undefined)
        ? undefined
        : Math.max(0, ...all.filter((staleness) => staleness !== undefined));
    },
    onChange(handler) {
      entries.forEach(({ informer }) => informer.addHandler(() => handler()));
    },
  };
}
