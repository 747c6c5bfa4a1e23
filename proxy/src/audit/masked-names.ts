import { compileMasking, type MaskedCall, type Masking } from '../masking/engine/masking.ts';
import type { Masker } from '../masking/engine/masker.ts';
import { maskText } from '../masking/text/mask-text.ts';
import { maskUrl } from '../masking/text/mask-url.ts';
import { redacted } from '../masking/text/placeholder.ts';
import type { RequestAttributes } from '../request/request-attributes.ts';

/** What of a request line says what a call is about. A caller may put a token in the place of any of it. */
const NAMES = ['apiGroup', 'apiVersion', 'resource', 'subresource', 'namespace', 'name'] as const;

type Names = Pick<RequestAttributes, (typeof NAMES)[number] | 'path'>;

/** The same names, with what detectors and rules find in them masked. */
export function maskNames<Attributes extends Names>(attributes: Attributes, masker: Masker): Attributes {
  const { finder, replace } = masker.text();
  let masked: Attributes | undefined;
  for (const key of NAMES) {
    const name = attributes[key];
    if (name === '' || finder(name).length === 0) continue;
    masked = { ...(masked ?? attributes), [key]: maskText(name, finder, replace).text };
  }
  const { text: path } = maskUrl(attributes.path, finder, replace);
  return path === attributes.path ? (masked ?? attributes) : { ...(masked ?? attributes), path };
}

/** Whoever is not known is nobody's subject: what rules mask for everybody is masked. */
export const NOBODY: MaskedCall['identity'] = {
  username: '',
  uid: '',
  groups: [],
  extra: {},
  serviceAccount: undefined,
  impersonation: { via: false },
};

/** What is masked without any rule, for calls that nobody has judged. */
export const ALWAYS_ON: Masking = compileMasking({ maskingRules: [] }, redacted).maskingOf({
  apiGroup: '',
  resource: '',
  subresource: '',
  namespace: '',
  identity: NOBODY,
});
