/**
 * By these Leases the replicas of the gateway tell the operator that they are there: each is named after the replica's pod,
 * and has this label.
 */
export const COMPONENT_LABEL = 'app.kubernetes.io/component';
export const PROXY_COMPONENT = 'proxy';
/** Annotation of such a Lease: the revision of the bundle that the replica serves. */
export const REVISION_ANNOTATION = 'chaperone.dev/revision';
