import { parseFieldPath, type FieldPath } from '@chaperone/crds/validation/fieldpath';
import { COMPRESSED, EVENT, SECRET, TOKEN, type Cause } from './cause.ts';
import { addPath, FieldNode } from './field-node.ts';

/** Where `kubectl apply` keeps a copy of the object, values and all. */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Annotations of Secrets that are shown: names, numbers and switches by their definition. Tools keep copies of a
 * Secret's values in annotations, so that all others are masked. The docs list these (docs/masking.md).
 */
export const SECRET_ANNOTATIONS_SHOWN: ReadonlySet<string> = new Set([
  'kubernetes.io/service-account.name',
  'kubernetes.io/service-account.uid',
  'meta.helm.sh/release-name',
  'meta.helm.sh/release-namespace',
  'helm.sh/resource-policy',
  'helm.sh/hook',
  'helm.sh/hook-weight',
  'helm.sh/hook-delete-policy',
  'cert-manager.io/certificate-name',
  'cert-manager.io/issuer-name',
  'cert-manager.io/issuer-kind',
  'cert-manager.io/issuer-group',
  'cert-manager.io/common-name',
  'cert-manager.io/alt-names',
  'cert-manager.io/ip-sans',
  'cert-manager.io/uri-sans',
  'argocd.argoproj.io/sync-wave',
  'argocd.argoproj.io/sync-options',
  'argocd.argoproj.io/tracking-id',
  'argocd.argoproj.io/hook',
]);

interface Place {
  readonly path: string;
  readonly cause?: Cause;
  readonly bytes?: boolean;
}

const SECRET_PLACES: readonly Place[] = [
  { path: 'data', cause: SECRET },
  { path: 'stringData', cause: SECRET },
  { path: 'data.*', bytes: true },
];

/** By kind. A kind counts whatever its group: another group's Secret is no less of one. */
const PLACES_OF_KINDS: Readonly<Record<string, readonly Place[]>> = {
  Secret: SECRET_PLACES,
  TokenRequest: [{ path: 'status.token', cause: TOKEN }],
  TokenReview: [{ path: 'spec.token', cause: TOKEN }],
  ConfigMap: [{ path: 'binaryData.*', bytes: true }],
  CertificateSigningRequest: [
    { path: 'spec.request', bytes: true },
    { path: 'status.certificate', bytes: true },
  ],
  ValidatingWebhookConfiguration: [{ path: 'webhooks[*].clientConfig.caBundle', bytes: true }],
  MutatingWebhookConfiguration: [{ path: 'webhooks[*].clientConfig.caBundle', bytes: true }],
  CustomResourceDefinition: [{ path: 'spec.conversion.webhook.clientConfig.caBundle', bytes: true }],
  APIService: [{ path: 'spec.caBundle', bytes: true }],
};

/** The kinds of resources whose bodies need not say what they are: an API server fills in the kind by the path. */
const KINDS_OF_RESOURCES: Readonly<Record<string, string>> = {
  secrets: 'Secret',
  'serviceaccounts/token': 'TokenRequest',
  tokenreviews: 'TokenReview',
  configmaps: 'ConfigMap',
  certificatesigningrequests: 'CertificateSigningRequest',
  validatingwebhookconfigurations: 'ValidatingWebhookConfiguration',
  mutatingwebhookconfigurations: 'MutatingWebhookConfiguration',
  customresourcedefinitions: 'CustomResourceDefinition',
  apiservices: 'APIService',
};

function treeOf(kind: string, places: readonly Place[], withCauses: boolean): FieldNode {
  const root = new FieldNode();
  for (const { path, cause, bytes = false } of places) {
    const node = addPath(root, pathOf(path), withCauses ? cause : undefined);
    node.bytes ||= bytes;
  }
  if (withCauses && kind === 'Secret') hideAnnotations(root);
  return root;
}

function pathOf(text: string): FieldPath {
  const result = parseFieldPath(text);
  if (result.kind === 'invalid') throw new TypeError(`${text}: ${result.message}`);
  return result.path;
}

/** The items of a list of a built-in kind do not say what they are: the list does. */
function listTreeOf(item: FieldNode): FieldNode {
  const root = new FieldNode();
  const items = addPath(root, pathOf('items'));
  items.everyElement = item;
  items.below = item.below;
  items.belowElements = item.below;
  root.below = item.below;
  root.belowKeys = item.below;
  return root;
}

function hideAnnotations(root: FieldNode): void {
  const key = (name: string) => ({ kind: 'key', key: name }) as const;
  const annotations = addPath(root, [key('metadata'), key('annotations')]);
  addPath(root, [key('metadata'), key('annotations'), { kind: 'everyKey' }], SECRET);
  // The copy is masked as the object that it is, which shows more of it.
  annotations.except = new Set([...SECRET_ANNOTATIONS_SHOWN, LAST_APPLIED]);
}

/** What is always masked in objects of each kind, and which of their texts are base64. */
export interface KindTrees {
  ofKind(kind: string): FieldNode | undefined;
}

function kindTrees(withCauses: boolean): KindTrees {
  const trees = new Map<string, FieldNode>();
  for (const [kind, places] of Object.entries(PLACES_OF_KINDS)) {
    const tree = treeOf(kind, places, withCauses);
    trees.set(kind, tree);
    trees.set(`${kind}List`, listTreeOf(tree));
  }
  return { ofKind: (kind) => trees.get(kind) };
}

/** For records. */
export const MASKED_KINDS = kindTrees(true);
/** For answers, in which nothing is masked but by rules: which texts are base64. */
export const PLAIN_KINDS = kindTrees(false);

/** An event about a Secret, whose message may quote what is in it. */
export const SECRET_EVENT_TREE = treeWith([
  ['message', EVENT],
  ['note', EVENT],
]);

/** A ConfigMap in which Helm keeps a release. */
export const HELM_RELEASE_TREE = treeWith([['data.release', COMPRESSED]]);

function treeWith(places: readonly (readonly [path: string, cause: Cause])[]): FieldNode {
  const root = new FieldNode();
  for (const [path, cause] of places) addPath(root, pathOf(path), cause);
  return root;
}

/** The kind of a resource's objects, where something is to be known of it. Status has the object whole. */
export function kindOfResource({ resource, subresource }: ResourceName): string | undefined {
  const name = subresource === '' || subresource === 'status' ? resource : `${resource}/${subresource}`;
  return Object.hasOwn(KINDS_OF_RESOURCES, name) ? KINDS_OF_RESOURCES[name] : undefined;
}

interface ResourceName {
  readonly resource: string;
  readonly subresource: string;
}
