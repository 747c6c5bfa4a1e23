import type { AgentPolicySpec, PolicyRule, Subject } from '../v1alpha1/generated/api.ts';
import { PROXY_SUBRESOURCE } from '../v1alpha1/exits.ts';
import { pluralOf } from './builtin-resources.ts';
import type { FieldWarning } from './field-error.ts';
import { child, item } from './path.ts';
import { splitResource } from './resource-name.ts';
import { stopsAtExits } from './resource-reach.ts';
import { parseDateTime } from './schema.ts';

/**
 * What a policy may say without meaning it. None of this keeps it from being accepted.
 * @param now milliseconds since the epoch
 */
export function warnAgentPolicySpec(spec: AgentPolicySpec, now: number, path = 'spec'): FieldWarning[] {
  const warnings: FieldWarning[] = [];
  const expiry = spec.expiresAt === undefined ? undefined : parseDateTime(spec.expiresAt);
  if (expiry !== undefined && expiry <= now) {
    warnings.push({
      path: child(path, 'expiresAt'),
      detail: 'has passed: the policy says nothing, its Deny rules included',
    });
  }
  return [
    ...warnings,
    ...spec.subjects.flatMap((subject, index) => warnSubject(subject, item(child(path, 'subjects'), index))),
    ...spec.rules.flatMap((rule, index) => warnRule(rule, spec.subjects, item(child(path, 'rules'), index))),
  ];
}

/** Identities that the gateway never establishes: it refuses anonymous callers and `system:masters`. */
const neverCallers: ReadonlySet<string> = new Set(['system:masters', 'system:unauthenticated', 'system:anonymous']);

const warnSubject = ({ name }: Subject, path: string): FieldWarning[] =>
  neverCallers.has(name) ? [{ path: child(path, 'name'), detail: `no caller of the gateway is ever ${name}` }] : [];

function warnRule(rule: PolicyRule, subjects: readonly Subject[], path: string): FieldWarning[] {
  return [
    ...warnReviewers(rule, subjects, child(path, 'approval')),
    ...warnPreview(rule, child(path, 'approval')),
    ...warnUnknowable(rule, path),
    ...(stopsAtExits(rule)
      ? [
          {
            path: child(path, 'resources'),
            detail:
              "'*' reaches no exit such as pods/exec, serviceaccounts/token or writes to RBAC; name those that are meant",
          },
        ]
      : []),
    ...(rule.resources ?? []).flatMap((entry, index) => {
      // With a group that is not built in the short name could be a plural of its own, so this is no error.
      const plural = rule.apiGroups?.includes('*') === true ? pluralOf(splitResource(entry).resource) : undefined;
      return plural === undefined
        ? []
        : [
            {
              path: item(child(path, 'resources'), index),
              detail: `only the plural matches; did you mean '${plural}'?`,
            },
          ];
    }),
  ];
}

function warnReviewers({ approval }: PolicyRule, subjects: readonly Subject[], path: string): FieldWarning[] {
  return (approval?.reviewers ?? []).flatMap((reviewer, index) =>
    subjects.some(({ kind, name }) => kind === reviewer.kind && name === reviewer.name)
      ? [
          {
            path: item(child(path, 'reviewers'), index),
            detail: `${reviewer.kind} ${reviewer.name} is a subject of this policy too, so its members may approve each other's calls`,
          },
        ]
      : [],
  );
}

/**
 * Of these nothing can be shown (a dry run of token would return a working token). exec, attach and portforward have no dry
 * run either, but container, command and ports say all there is.
 */
const unpreviewable: ReadonlySet<string> = new Set([PROXY_SUBRESOURCE, 'token']);

function warnPreview({ approval, resources = [] }: PolicyRule, path: string): FieldWarning[] {
  const blind = resources.filter((entry) => unpreviewable.has(splitResource(entry).subresource ?? ''));
  return approval?.onPreviewFailure === 'Deny' && blind.length > 0
    ? [
        {
          path: child(path, 'onPreviewFailure'),
          detail: `${blind.join(', ')} never has a preview, so Deny refuses every call; set Proceed to let reviewers decide without one`,
        },
      ]
    : [];
}

const COLLECTION_VERBS: ReadonlySet<string> = new Set(['list', 'watch', 'deletecollection']);

/** Names and labels of what a list returns are known only where the caller's own selector fixes them. */
function warnUnknowable(rule: PolicyRule, path: string): FieldWarning[] {
  const collections = rule.verbs.filter((verb) => COLLECTION_VERBS.has(verb));
  if (rule.action !== 'Allow' || collections.length === 0) {
    return [];
  }
  const fields = [
    ...((rule.resourceNames ?? []).length > 0 ? ['resourceNames'] : []),
    ...(rule.objectSelector === undefined ? [] : ['objectSelector']),
  ];
  return fields.map((field) => ({
    path: child(path, field),
    detail: `${collections.join(', ')} matches only where the caller's own selector fixes it`,
  }));
}
