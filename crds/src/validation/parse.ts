import { isRecord } from '../client/kubernetes-object.ts';
import type { AgentPolicy } from '../v1alpha1/agentpolicy.ts';
import type { ApprovalRequest } from '../v1alpha1/approvalrequest.ts';
import { schemas, type KindWithSchema } from '../v1alpha1/generated/schemas.ts';
import { API_VERSION } from '../v1alpha1/groupversion.ts';
import type { MaskingRule } from '../v1alpha1/maskingrule.ts';
import type { StructuralSchema } from '../v1alpha1/structural-schema.ts';
import { invalid, notSupported, required, type FieldError } from './field-error.ts';
import { checkSchema, withDefaults } from './schema.ts';

export type ParseResult<T> =
  | { readonly kind: 'parsed'; readonly object: T }
  | { readonly kind: 'invalid'; readonly errors: readonly FieldError[] };

const text: StructuralSchema = { type: 'string' };
const texts: StructuralSchema = { type: 'object', additionalProperties: text };

/** The part of `metav1.ObjectMeta` that our types declare; the rest is the API server's own business. */
const objectMeta: StructuralSchema = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 253 },
    generateName: text,
    namespace: text,
    uid: text,
    resourceVersion: text,
    generation: { type: 'integer' },
    creationTimestamp: text,
    deletionTimestamp: text,
    deletionGracePeriodSeconds: { type: 'integer' },
    labels: texts,
    annotations: texts,
    finalizers: { type: 'array', items: text },
    ownerReferences: {
      type: 'array',
      items: {
        type: 'object',
        required: ['apiVersion', 'kind', 'name', 'uid'],
        properties: {
          apiVersion: text,
          kind: text,
          name: text,
          uid: text,
          controller: { type: 'boolean' },
          blockOwnerDeletion: { type: 'boolean' },
        },
      },
    },
  },
};

/**
 * What to make of a status that does not fit its schema. Of policies and rules the status is only the operator's own
 * observation, which it writes anew; an ApprovalRequest's status holds decisions, and half of them must never count.
 */
type BadStatus = 'Drop' | 'Refuse';

function parser<T>(kind: KindWithSchema, badStatus: BadStatus): (value: unknown) => ParseResult<T> {
  const { spec: specSchema, status: statusSchema } = schemas[kind];

  function check(value: Readonly<Record<string, unknown>>): FieldError[] {
    return [
      ...(value['apiVersion'] === API_VERSION
        ? []
        : [notSupported('apiVersion', String(value['apiVersion']), [API_VERSION])]),
      ...(value['kind'] === kind ? [] : [notSupported('kind', String(value['kind']), [kind])]),
      ...checkSchema(objectMeta, value['metadata'], 'metadata', 'Ignore'),
      ...('spec' in value ? checkSchema(specSchema, value['spec'], 'spec') : [required('spec', 'must be given')]),
      ...('status' in value ? checkSchema(statusSchema, value['status'], 'status') : []),
    ];
  }

  return function parse(value) {
    if (!isRecord(value)) {
      return { kind: 'invalid', errors: [invalid('', typeof value, `must be an object of kind ${kind}`)] };
    }
    const { status, ...rest } = value;
    const keepStatus =
      status !== undefined && (badStatus === 'Refuse' || checkSchema(statusSchema, status, 'status').length === 0);
    const candidate: Readonly<Record<string, unknown>> = {
      ...rest,
      ...('spec' in rest ? { spec: withDefaults(specSchema, rest['spec']) } : {}),
      ...(keepStatus ? { status } : {}),
    };
    const errors = check(candidate);
    // Sound because the type is generated from the very schema that was just checked.
    const isKind = (checked: unknown): checked is T => errors.length === 0 && checked === candidate;
    return isKind(candidate) ? { kind: 'parsed', object: candidate } : { kind: 'invalid', errors };
  };
}

/** Narrows a value to an AgentPolicy: schema checked again, defaults filled in. Cross-field rules are validation's. */
export const parseAgentPolicy = parser<AgentPolicy>('AgentPolicy', 'Drop');

/** As {@link parseAgentPolicy}, for a MaskingRule. */
export const parseMaskingRule = parser<MaskingRule>('MaskingRule', 'Drop');

/** As {@link parseAgentPolicy}, for an ApprovalRequest; its status is checked as strictly as its spec. */
export const parseApprovalRequest = parser<ApprovalRequest>('ApprovalRequest', 'Refuse');
