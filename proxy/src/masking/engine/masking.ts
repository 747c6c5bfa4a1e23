import type { BundleMaskingRule } from '@chaperone/crds/bundle/bundle';
import { isClusterScoped } from '@chaperone/crds/validation/builtin-resources';
import { BoundedCache } from '../../policy/bounded-cache.ts';
import type { PolicyCaller } from '../../policy/policy-input.ts';
import { decodeJson } from '../codec/json-document.ts';
import type { BodyDocument } from '../document.ts';
import { MASKED_KINDS, PLAIN_KINDS } from './always-on.ts';
import { compileRules, namesResource, type CompiledRule, type CompiledRules } from './compile-masking.ts';
import { addPath, FieldNode } from './field-node.ts';
import type { Fingerprint, Target } from './mask-leaf.ts';
import { Masker } from './masker.ts';
import type { Plan, ResourceFacts } from './plan.ts';
import { newTextPlan } from './text-plan.ts';
import { WriteBack } from './write-back.ts';

/** Of a call, what masking depends on. For a call that is about no resource all of these are ''. */
export interface MaskedCall extends ResourceFacts {
  /** '' where the call is about all namespaces, or about none. */
  readonly namespace: string;
  readonly identity: Pick<PolicyCaller, 'username' | 'uid' | 'groups' | 'extra' | 'serviceAccount' | 'impersonation'>;
}

/** How the bodies of one call are masked. */
export interface Masking {
  /** For records, previews and all that is kept. */
  readonly audit: Masker;
  /** For what the caller receives; undefined where no rule asks for it, so that nothing has to be decoded. */
  readonly response: Masker | undefined;
  /** The rules behind `response`: equal in two bundles where the caller is shown the same. '' where there are none. */
  readonly responseRules: string;
  /** For what the caller sends; undefined where nothing that this caller receives is masked. */
  readonly writeBack: WriteBack | undefined;
}

export interface CompiledMasking {
  /** Cheap: what depends on rules and resource is made once for all such calls. */
  maskingOf(call: MaskedCall): Masking;
}

/** Resources and rule sets are few; namespaces may be many, and all of these come from callers. */
const CACHED_CALLS = { maxEntries: 4_096, maxKeyLength: 512 } as const;
const CACHED_MASKINGS = { maxEntries: 1_024, maxKeyLength: 8_192 } as const;

/**
 * Compiles the MaskingRules of a bundle, once per revision.
 * @throws MaskingCompileError
 */
export function compileMasking(
  { maskingRules }: { readonly maskingRules: readonly BundleMaskingRule[] },
  fingerprint: Fingerprint,
): CompiledMasking {
  return new RuleMasking(compileRules(maskingRules), fingerprint);
}

class RuleMasking implements CompiledMasking {
  readonly #compiled: CompiledRules;
  readonly #fingerprint: Fingerprint;
  readonly #byCall = new BoundedCache<Masking>(CACHED_CALLS);
  readonly #byRules = new BoundedCache<Masking>(CACHED_MASKINGS);
  /** By what SubjectIndex answers for an identity, which stays the same array. */
  readonly #callers = new WeakMap<Uint8Array, Caller>();

  constructor(compiled: CompiledRules, fingerprint: Fingerprint) {
    this.#compiled = compiled;
    this.#fingerprint = fingerprint;
  }

  maskingOf(call: MaskedCall): Masking {
    const caller = this.#callerOf(call);
    const key = `${caller.key} ${resourceKey(call)} ${call.namespace}`;
    return this.#byCall.get(key, () => this.#ofRules(call, caller));
  }

  #ofRules(call: MaskedCall, caller: Caller): Masking {
    const named = caller.rules.filter((rule) => namesResource(rule, call) && mayBeIn(rule, call));
    const open = call.namespace === '' ? 'open' : '';
    const key = `${named.map(({ index }) => index).join(',')} ${caller.masksResponses} ${open} ${resourceKey(call)}`;
    return this.#byRules.get(key, () => newMasking(named, call, caller.masksResponses, this.#fingerprint));
  }

  #callerOf({ identity }: MaskedCall): Caller {
    const subjects = this.#compiled.subjects.policiesOf(identity);
    const known = this.#callers.get(subjects);
    if (known !== undefined) return known;
    const rules = this.#compiled.rules.filter(({ hasSubjects, index }) => !hasSubjects || subjects[index] === 1);
    const caller: Caller = {
      rules,
      key: rules.map(({ index }) => index).join(','),
      masksResponses: rules.some(({ targets }) => targets.has('Response')),
    };
    this.#callers.set(subjects, caller);
    return caller;
  }
}

interface Caller {
  /** Those that are about the caller. */
  readonly rules: readonly CompiledRule[];
  readonly key: string;
  readonly masksResponses: boolean;
}

const resourceKey = ({ apiGroup, resource, subresource }: ResourceFacts): string =>
  `${apiGroup.length},${resource.length},${apiGroup}${resource}${subresource}`;

/** Whether an object of the call may be in a namespace of the rule. */
function mayBeIn({ namespaces }: CompiledRule, { namespace, apiGroup, resource }: MaskedCall): boolean {
  if (namespaces === undefined) return true;
  if (namespace !== '') return namespaces.has(namespace);
  // A Namespace is in itself, as RequestInfo has it: a list of them is one of all.
  return resource === 'namespaces' || isClusterScoped(apiGroup, resource) !== true;
}

function newMasking(
  rules: readonly CompiledRule[],
  call: MaskedCall,
  masksResponses: boolean,
  fingerprint: Fingerprint,
): Masking {
  const { apiGroup, resource, subresource } = call;
  const facts: ResourceFacts = { apiGroup, resource, subresource };
  const isOpen = call.namespace === '';
  const plan = (target: Target, some: readonly CompiledRule[]): Plan => ({
    target,
    resource: facts,
    kinds: target === 'Audit' ? MASKED_KINDS : PLAIN_KINDS,
    fieldsIn: fieldsByNamespace(some, isOpen),
    texts: newTextPlan(target, some, fingerprint),
    fingerprint,
    parse,
  });
  const inResponses = rules.filter(({ targets }) => targets.has('Response'));
  const response = plan('Response', inResponses);
  return {
    audit: new Masker(plan('Audit', rules)),
    response: inResponses.length === 0 ? undefined : new Masker(response),
    responseRules: inResponses.map(({ identity }) => identity).join(),
    writeBack: masksResponses ? new WriteBack(response) : undefined,
  };
}

const parse = (text: string): BodyDocument => decodeJson(Buffer.from(text));

/** Namespaces that objects of one answer say: few kinds of rules, many namespaces. */
const CACHED_NAMESPACES = { maxEntries: 256, maxKeyLength: 64 } as const;

function fieldsByNamespace(rules: readonly CompiledRule[], isOpen: boolean): Plan['fieldsIn'] {
  const withFields = rules.filter(({ fields }) => fields.length > 0);
  const all = treeOf(withFields);
  // The call says the namespace, or no rule asks.
  if (!isOpen || withFields.every(({ namespaces }) => namespaces === undefined)) return () => all;
  const trees = new BoundedCache<FieldNode | undefined>(CACHED_NAMESPACES);
  return (namespace) => {
    if (namespace === undefined) return all;
    return trees.get(namespace, () =>
      treeOf(withFields.filter(({ namespaces }) => namespaces?.has(namespace) !== false)),
    );
  };
}

function treeOf(rules: readonly CompiledRule[]): FieldNode | undefined {
  if (rules.length === 0) return undefined;
  const root = new FieldNode();
  for (const { fields, cause } of rules) for (const field of fields) addPath(root, field, cause);
  return root;
}
