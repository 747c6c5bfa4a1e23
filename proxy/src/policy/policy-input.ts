import type { JsonMapping } from '@chaperone/crds/expression/value';
import type { Identity } from '../authn/identity.ts';
import type { RequestAttributes } from '../request/request-attributes.ts';

/**
 * What is known of an object. `absent`: there is none. `unknown`: it cannot be had, and will not be. `pending`: nobody
 * has looked yet; a decision that depends on it says so. A call is first judged with everything pending, which is the
 * static phase.
 */
export type Knowledge =
  | { readonly kind: 'known'; readonly value: JsonMapping }
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'unknown';
      /** The API server's words, where it refused to show it: for the caller. */
      readonly refusal?: string;
    }
  | { readonly kind: 'pending' };

export const ABSENT: Knowledge = { kind: 'absent' };
export const UNKNOWN_OBJECT: Knowledge = { kind: 'unknown' };
export const PENDING_OBJECT: Knowledge = { kind: 'pending' };

export const known = (value: JsonMapping): Knowledge => ({ kind: 'known', value });

/** Of the request line, what policies are about. */
export type PolicyAttributes = Pick<
  RequestAttributes,
  | 'isResourceRequest'
  | 'path'
  | 'judgedVerb'
  | 'apiGroup'
  | 'namespace'
  | 'resource'
  | 'subresource'
  | 'name'
  | 'fieldSelector'
  | 'labelSelector'
>;

/** Of an Identity, what policies are about. */
export interface PolicyCaller extends Pick<Identity, 'username' | 'uid' | 'groups' | 'extra' | 'serviceAccount'> {
  readonly impersonation: Pick<Identity['impersonation'], 'via'>;
}

/** One call, as far as it is known. */
export interface PolicyInput {
  readonly attributes: PolicyAttributes;
  readonly caller: PolicyCaller;
  /**
   * The object as it would be after the call (a server-side dry run's answer). For a subresource, what is sent to it:
   * a Scale, an Eviction. Not looked at where a call writes none: reads, delete, connect.
   */
  readonly object: Knowledge;
  /** The object as it stands; `absent` only if it certainly does not exist. For a get, the object that is read. */
  readonly oldObject: Knowledge;
  /**
   * The object that a subresource belongs to, as it stands: the Pod of a log, an exec or an eviction. Its labels are
   * those that `objectSelector` means; those of an Eviction are whatever the caller wrote.
   */
  readonly parentObject: Knowledge;
  /** The Namespace of the call, from the gateway's own watch: metadata is enough. */
  readonly namespaceObject: Knowledge;
  /** From discovery; left out where it is not known. Resources of Kubernetes' own groups are known anyway. */
  readonly scope?: 'Namespaced' | 'Cluster';
  /** Whether a PATCH is an apply (its content type says so), which creates what does not exist. */
  readonly apply: boolean;
  /** Whether the caller asked for a dry run, as the API server will read it. */
  readonly dryRun: boolean;
  /** The options in force: for a delete with a body the DeleteOptions in it, which replace the query. */
  readonly options: JsonMapping;
  /** Arguments of an exec, else empty. */
  readonly command: readonly string[];
  /** The installation's `gateway.allowSelfAdministration`. */
  readonly allowSelfAdministration: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}
