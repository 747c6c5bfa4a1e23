import type { Subject } from '@chaperone/crds/v1alpha1/generated/api';
import type { ServiceAccountReference } from '../authn/identity.ts';
import type { PolicyCaller } from './policy-input.ts';

/** Which policies, by their number, are about a caller: 1 or 0. */
export type PolicySet = Uint8Array;

/**
 * Finds the policies that are about a caller by the caller's names, without looking at all subjects.
 *
 * - A User is matched by the username, literally.
 * - A ServiceAccount is matched by namespace and name of the account that TokenReview vouched for, and by nothing else,
 *   under both of its identities: a user that merely has the name of one is none.
 * - A Group is matched by any of the caller's groups. A ServiceAccount that TokenReview vouched for is in its groups
 *   under both spellings, `system:serviceaccounts[:NAMESPACE]` and `chaperone:serviceaccounts[:NAMESPACE]`, whichever
 *   of them it acts with: else a Deny for all accounts of a namespace would say nothing once the installation goes
 *   over from Native to Mapped. No issuer can hand out either prefix (authn/user-names.ts).
 *
 * Names are compared code unit by code unit: confusable and differently normalised names are other names, as they are
 * for RBAC. An empty name is nobody's.
 */
export class SubjectIndex {
  readonly #size: number;
  readonly #users = new Map<string, number[]>();
  readonly #groups = new Map<string, number[]>();
  readonly #serviceAccounts = new Map<string, number[]>();
  /** Holds no identity longer than its token's cache does. */
  readonly #found = new WeakMap<object, PolicySet>();

  /** @param subjects Of each policy. */
  constructor(subjects: readonly (readonly Subject[])[]) {
    this.#size = subjects.length;
    for (const [policy, list] of subjects.entries()) {
      for (const subject of list) this.#add(policy, subject);
    }
  }

  /** The policies that are about the caller. Looked up once for an identity that cannot change. */
  policiesOf(caller: PolicyCaller): PolicySet {
    const found = this.#found.get(caller);
    if (found !== undefined) return found;
    const policies = this.#find(caller);
    if (Object.isFrozen(caller) && Object.isFrozen(caller.groups)) this.#found.set(caller, policies);
    return policies;
  }

  #find({ username, groups, serviceAccount }: PolicyCaller): PolicySet {
    const policies = new Uint8Array(this.#size);
    mark(policies, this.#users.get(username));
    for (const group of groups) mark(policies, this.#groups.get(group));
    if (serviceAccount !== undefined) {
      mark(policies, this.#serviceAccounts.get(accountKey(serviceAccount)));
      for (const group of accountGroups(serviceAccount)) mark(policies, this.#groups.get(group));
    }
    return policies;
  }

  #add(policy: number, { kind, name, namespace = '' }: Subject): void {
    if (name === '') return;
    switch (kind) {
      case 'User':
        push(this.#users, name, policy);
        break;
      case 'Group':
        push(this.#groups, name, policy);
        break;
      case 'ServiceAccount':
        if (namespace !== '') push(this.#serviceAccounts, accountKey({ namespace, name }), policy);
        break;
      default:
        kind satisfies never;
    }
  }
}

/** Neither part can hold a `/`. */
const accountKey = ({ namespace, name }: ServiceAccountReference): string => `${namespace}/${name}`;

const accountGroups = ({ namespace }: ServiceAccountReference): readonly string[] =>
  ['system', 'chaperone'].flatMap((prefix) => [`${prefix}:serviceaccounts`, `${prefix}:serviceaccounts:${namespace}`]);

function push(index: Map<string, number[]>, key: string, policy: number): void {
  const existing = index.get(key);
  if (existing === undefined) index.set(key, [policy]);
  else existing.push(policy);
}

function mark(policies: PolicySet, found: readonly number[] | undefined): void {
  for (const policy of found ?? []) policies[policy] = 1;
}
