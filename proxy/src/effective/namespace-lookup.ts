import { isNotFound } from '@chaperone/crds/client/api-error';
import type { Informer } from '@chaperone/crds/client/informer';
import type { Namespace } from '@chaperone/crds/client/kinds';
import type { ResourceClient } from '@chaperone/crds/client/resource-client';
import { namespaceKnowledge, namespaceName } from '../policy/namespace-knowledge.ts';
import { ABSENT, UNKNOWN_OBJECT, type Knowledge } from '../policy/policy-input.ts';
import type { RequestAttributes } from '../request/request-attributes.ts';

/** Tells what is known of the Namespace that a call is in, or is about. Never rejects. */
export type NamespaceLookup = (attributes: RequestAttributes) => Promise<Knowledge>;

export interface NamespaceLookupOptions {
  readonly informer: Pick<Informer<Namespace>, 'lister' | 'stalenessMs'>;
  /** By the gateway's own credential. */
  readonly namespaces: Pick<ResourceClient<Namespace>, 'get'>;
  /** From how old a copy on the API server is asked, in milliseconds. */
  readonly maxStalenessMs: number;
}

/**
 * Namespaces as the gateway watches them. One that the watch has not seen may have been made a moment ago, and is asked
 * for.
 */
export function newNamespaceLookup(options: NamespaceLookupOptions): NamespaceLookup {
  const { informer, namespaces, maxStalenessMs } = options;
  return async function lookUpNamespace(attributes) {
    const name = namespaceName(attributes);
    // A Namespace that is being made has no Namespace around it, and a list is about many.
    if (name === '') return attributes.judgedVerb === 'create' ? ABSENT : UNKNOWN_OBJECT;
    if ((informer.stalenessMs() ?? Infinity) <= maxStalenessMs) {
      const watched = namespaceKnowledge(informer.lister, attributes);
      if (watched.kind === 'known') return watched;
    }
    try {
      const read = await namespaces.get({ name });
      return namespaceKnowledge({ get: () => read }, attributes);
    } catch (error) {
      return isNotFound(error) ? ABSENT : UNKNOWN_OBJECT;
    }
  };
}
