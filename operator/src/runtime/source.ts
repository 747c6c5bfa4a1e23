import type { Informer, InformerEvent } from '@chaperone/crds/client/informer';
import type { KubernetesObject, Stored } from '@chaperone/crds/client/kubernetes-object';
import type { Controller } from './controller.ts';
import type { Request } from './reconciler.ts';

/** Which requests an event is about. Runs inside the watch: it looks at the event and at listers, nothing else. */
export type EventMapper<T extends KubernetesObject> = (event: InformerEvent<T>) => readonly Request[];

/** Does an event concern a controller at all? */
export type Predicate<T extends KubernetesObject> = (event: InformerEvent<T>) => boolean;

/** The request that names an object itself. */
export function requestFor(object: Stored<KubernetesObject>): Request {
  const { name, namespace } = object.metadata;
  return namespace === undefined ? { name } : { name, namespace };
}

/**
 * The requests of the objects of a kind that own this one. Cluster-scoped owners have no namespace, others that of
 * their child. Who looks the owner up compares its uid with the reference, as a new object may bear the old name.
 */
export function ownersOf(
  object: Stored<KubernetesObject>,
  owner: { readonly apiVersion: string; readonly kind: string; readonly namespaced: boolean },
): readonly Request[] {
  const { namespace, ownerReferences = [] } = object.metadata;
  return ownerReferences
    .filter(({ apiVersion, kind }) => apiVersion === owner.apiVersion && kind === owner.kind)
    .map(({ name }) => (owner.namespaced && namespace !== undefined ? { name, namespace } : { name }));
}

/**
 * Leaves out updates that change neither spec nor metadata that matters, such as our own writes of status. Deletions
 * begun, finalizers, labels and annotations count, as do resyncs, which heal a status edited by hand.
 */
export function specOrMetadataChanged<T extends KubernetesObject>(event: InformerEvent<T>): boolean {
  if (event.type !== 'updated') {
    return true;
  }
  const before = event.old.metadata;
  const after = event.object.metadata;
  return (
    before.generation !== after.generation ||
    before.generation === undefined ||
    before.deletionTimestamp !== after.deletionTimestamp ||
    JSON.stringify([before.labels, before.annotations, before.finalizers, before.ownerReferences]) !==
      JSON.stringify([after.labels, after.annotations, after.finalizers, after.ownerReferences])
  );
}

/** Feeds a controller from an informer; by default each object asks for itself. Returns the way to undo it. */
export function watch<T extends KubernetesObject>(
  controller: Pick<Controller, 'enqueue'>,
  informer: Pick<Informer<T>, 'addHandler'>,
  options: { readonly map?: EventMapper<T>; readonly predicate?: Predicate<T> } = {},
): () => void {
  const { map = ({ object }: InformerEvent<T>) => [requestFor(object)], predicate = () => true } = options;
  return informer.addHandler((event) => {
    if (predicate(event)) {
      map(event).forEach((request) => controller.enqueue(request));
    }
  });
}
