import { isNotFound } from '@chaperone/crds/client/api-error';
import { validatingAdmissionPolicies, validatingAdmissionPolicyBindings } from '@chaperone/crds/client/kinds';
import type { CallOptions, Client } from '@chaperone/crds/client/resource-client';
import { compareAdmission, type Comparison, type LiveAdmission } from './compare.ts';
import type { ShippedAdmission } from './shipped.ts';

/**
 * Compares the policies and bindings as they are in etcd at this moment, one quorum read each. Informers tell sooner or
 * later, and each in its own time: after a pause they may bring what was written under a policy before they tell that
 * the policy is gone.
 */
export async function readAdmission(
  client: Client,
  shipped: readonly ShippedAdmission[],
  call: CallOptions,
): Promise<Comparison> {
  const found = await Promise.all(shipped.map((one) => read(client, one, call)));
  return compareAdmission(shipped, (one) => found[shipped.indexOf(one)]);
}

async function read(
  client: Client,
  { kind, name }: ShippedAdmission,
  call: CallOptions,
): Promise<LiveAdmission | undefined> {
  try {
    switch (kind) {
      case 'ValidatingAdmissionPolicy':
        return await client.resource(validatingAdmissionPolicies).get({ name }, call);
      case 'ValidatingAdmissionPolicyBinding':
        return await client.resource(validatingAdmissionPolicyBindings).get({ name }, call);
      default:
        return kind satisfies never;
    }
  } catch (error) {
    if (isNotFound(error)) {
      return undefined;
    }
    throw error;
  }
}
