import type { AgentPolicySpec, Reviewer, Subject } from '../v1alpha1/generated/api.ts';
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
        ...validateSomebodyElse(spec.subjects, rule.approval?.reviewers ?? [], child(at, 'approval')),
      ];
    }),
  ];
}

/** Nobody decides on their own calls: reviewers who are all the only subject can never approve anything. */
function validateSomebodyElse(
  subjects: readonly Subject[],
  reviewers: readonly Reviewer[],
  path: string,
): FieldError[] {
  const [subject, ...others] = subjects;
  if (subject?.kind !== 'User' || others.length > 0 || reviewers.length === 0) {
    return [];
  }
  return reviewers.every(({ kind, name }) => kind === 'User' && name === subject.name)
    ? [
        invalid(
          child(path, 'reviewers'),
          subject.name,
          'the only reviewer is the only subject, and nobody may approve their own calls; name somebody else',
        ),
      ]
    : [];
}
