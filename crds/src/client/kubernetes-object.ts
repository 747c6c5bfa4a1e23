/** `metav1.OwnerReference`. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** `metav1.ObjectMeta` as JSON has it: times are RFC 3339 strings, in lists and watches alike. */
export interface ObjectMeta {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
}

/** What every object has before it is sent. */
export interface KubernetesObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
}

/** What every object has once the API server has stored it. */
export interface StoredObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta & { name: string; uid: string; resourceVersion: string };
}

/** An object of kind T as read from the API server. */
export type Stored<T extends KubernetesObject> = T & StoredObject;

/**
 * The JSON form of a type of client-node's generated client: those declare `Date` where the wire has a string, and only
 * its own serializer, which we do not use, converts them.
 */
export type Json<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? Json<Item>[]
    : T extends object
      ? { [Key in keyof T]: Json<T[Key]> }
      : T;

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isFilled = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Does this value have what the API server gives every stored object? */
export function isStoredObject(value: unknown): value is StoredObject {
  if (!isRecord(value) || !isFilled(value['apiVersion']) || !isFilled(value['kind']) || !isRecord(value['metadata'])) {
    return false;
  }
  const { name, uid, resourceVersion, namespace } = value['metadata'];
  return (
    isFilled(name) && isFilled(uid) && isFilled(resourceVersion) && (namespace === undefined || isFilled(namespace))
  );
}

/** Has deletion been asked for? From then on nothing but clean-up is right. */
export const isDeleting = (object: KubernetesObject): boolean => object.metadata?.deletionTimestamp !== undefined;
