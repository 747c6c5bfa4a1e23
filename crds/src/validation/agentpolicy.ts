import { isOwnRequest } from '../approval/tally.ts';
import type { AgentPolicySpec, ApprovalPolicy, Subject } from '../v1alpha1/generated/api.ts';
import type { ExpressionCompiler } from './compilers.ts';
import { invalid, type FieldError } from './field-error.ts';
import { child, item } from './path.ts';
import { validateExpressions, validatePolicyRule } from './policy-rule.ts';
import { validateSubject } from './subject.ts';

export interface AgentPolicyCompilers {
  readonly compileExpression: ExpressionCompiler;
}

/**
 * Everything that is wrong with an AgentPolicy that already fits its schema: the cross-field rules of the
 * CustomResourceDefinition once more, and what neither schema nor CEL can say. Never only the first finding.
 */
export function validateAgentPolicySpec(
  spec: AgentPolicySpec,
  { compileExpression }: AgentPolicyCompilers,
  path = 'spec',
): FieldError[] {
  return [
    ...spec.subjects.flatMap((subject, index) => validateSubject(subject, item(child(path, 'subjects'), index))),
    ...validateExpressions(spec.matchConditions, child(path, 'matchConditions'), compileExpression),
    ...spec.rules.flatMap((rule, index) => {
      const at = item(child(path, 'rules'), index);
      return [
        ...validatePolicyRule(rule, at, compileExpression),
        ...validateSomebodyElse(spec.subjects, rule.approval, child(at, 'approval')),
      ];
    }),
  ];
}

/**
 * Nobody decides on their own calls. Where one user or ServiceAccount is the only subject, those who are left to decide
 * have to be enough; of groups the members are not known.
 */
function validateSomebodyElse(
  subjects: readonly Subject[],
  approval: ApprovalPolicy | undefined,
  path: string,
): FieldError[] {
  const [subject, ...others] = subjects;
  if (approval === undefined || subject === undefined || subject.kind === 'Group' || others.length > 0) {
    return [];
  }
  const { reviewers, required } = approval;
  const requester = { username: usernameOf(subject) };
  const left = reviewers.filter(({ kind, name }) => kind === 'Group' || !isOwnRequest(requester, name));
  const enough =
    left.length >= required || left.some(({ kind }) => kind === 'Group') || left.length === reviewers.length;
  return enough
    ? []
    : [
        invalid(
          child(path, 'reviewers'),
          subject.name,
          'is the only subject, and nobody may approve their own calls, so too few reviewers are left; name somebody else',
        ),
      ];
}

const usernameOf = ({ kind, namespace = '', name }: Subject): string =>
  kind === 'ServiceAccount' ? `system:serviceaccount:${namespace}:${name}` : name;
