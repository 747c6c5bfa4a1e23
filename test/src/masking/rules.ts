import type { BundleMaskingRule } from '@chaperone/crds/bundle/bundle';
import type { MaskingRuleSpec } from '@chaperone/crds/v1alpha1/generated/api';
import { decodeJson } from '@chaperone/proxy/masking/codec/json-document';
import { compileMasking, type CompiledMasking, type MaskedCall } from '@chaperone/proxy/masking/engine/masking';
import { BODY, type Shape } from '@chaperone/proxy/masking/engine/shape';
import type { MaskOptions, Masker } from '@chaperone/proxy/masking/engine/masker';
import { newFingerprints } from '@chaperone/proxy/masking/text/fingerprint';
import { identityOf } from '../policy/calls.ts';

/** A MaskingRule as the API server stores it. */
export const ruleOf = (name: string, spec: Partial<MaskingRuleSpec>): BundleMaskingRule => ({
  name,
  uid: `uid-of-${name}`,
  generation: 1,
  spec: { replacement: 'Redact', targets: ['Audit'], writeBack: 'Refuse', ...spec },
});

/** A rule about one resource (`apps/deployments`, `configmaps`, `pods/log`), for records and answers. */
export function ruleFor(name: string, resource: string, spec: Partial<MaskingRuleSpec>): BundleMaskingRule {
  const { apiGroup, path } = splitGroup(resource);
  return ruleOf(name, {
    targets: ['Audit', 'Response'],
    ...spec,
    match: { apiGroups: [apiGroup], resources: [path], ...spec.match },
  });
}

export const fingerprints = newFingerprints([{ id: 'k1', key: new Uint8Array(32).fill(7), current: true }]);

export const maskingOfRules = (...maskingRules: readonly BundleMaskingRule[]): CompiledMasking =>
  compileMasking({ maskingRules }, fingerprints);

/** A call by `agent@example.com` of the group agents. A group with a dot or one of the well-known ones comes before a slash. */
export function callTo(resource: string, changes: Partial<MaskedCall> = {}): MaskedCall {
  const { apiGroup, path } = splitGroup(resource);
  const [name = '', subresource = ''] = path.split('/');
  return {
    apiGroup,
    resource: name,
    subresource,
    namespace: 'payments',
    identity: identityOf('agent@example.com', ['agents']),
    ...changes,
  };
}

const GROUP = /^(?:[a-z0-9-]+\.[a-z0-9.-]+|apps|batch|autoscaling|policy)\//u;

function splitGroup(resource: string): { readonly apiGroup: string; readonly path: string } {
  const group = GROUP.exec(resource)?.[0] ?? '';
  return { apiGroup: group.slice(0, -1), path: resource.slice(group.length) };
}

export interface MaskedJson {
  readonly json: unknown;
  readonly text: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly edits: number;
}

/** Masks a body that is given as a value. */
export function maskJson(masker: Masker, body: unknown, shape: Shape = BODY, options: MaskOptions = {}): MaskedJson {
  const document = decodeJson(Buffer.from(JSON.stringify(body)));
  const { edits, counts } = masker.mask(document.root, shape, options);
  const text = document.encode(edits).toString();
  const json: unknown = JSON.parse(text);
  return { json, text, counts: Object.fromEntries(counts), edits: edits.size };
}
