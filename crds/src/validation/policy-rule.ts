import type { ApprovalPolicy, NamedExpression, PolicyRule } from '../v1alpha1/generated/api.ts';
import type { ExpressionCompiler } from './compilers.ts';
import { parseDuration } from './duration.ts';
import { forbidden, invalid, required, type FieldError } from './field-error.ts';
import { validateLabelSelector } from './label-selector.ts';
import { checkEach, validateMatchLists } from './match-lists.ts';
import { nonResourceUrlProblem } from './non-resource-url.ts';
import { child, item } from './path.ts';
import { validateResourceReach } from './resource-reach.ts';
import { validateReviewers } from './subject.ts';

/** Everything that is wrong with one rule. */
export function validatePolicyRule(
  rule: PolicyRule,
  path: string,
  compileExpression: ExpressionCompiler,
): FieldError[] {
  return [
    ...validateKindOfRule(rule, path),
    ...validateMatchLists(rule, path),
    ...validateResourceReach(rule, path),
    ...validateVerbs(rule, path),
    ...checkEach(
      rule.resourceNames,
      child(path, 'resourceNames'),
      (name) => !/[*/%]/u.test(name) && name !== '.' && name !== '..',
      'resourceNames are matched literally and are single path segments',
    ),
    ...(rule.nonResourceURLs ?? []).flatMap((url, index) => {
      const problem = nonResourceUrlProblem(url);
      return problem === undefined ? [] : [invalid(item(child(path, 'nonResourceURLs'), index), url, problem)];
    }),
    ...(rule.namespaceSelector === undefined
      ? []
      : validateLabelSelector(rule.namespaceSelector, child(path, 'namespaceSelector'))),
    ...(rule.objectSelector === undefined
      ? []
      : validateLabelSelector(rule.objectSelector, child(path, 'objectSelector'))),
    ...validateExpressions(rule.conditions, child(path, 'conditions'), compileExpression),
    ...validateAction(rule, path),
  ];
}

/** A rule is about resources or about paths that are none. */
function validateKindOfRule(rule: PolicyRule, path: string): FieldError[] {
  if ((rule.resources === undefined) === (rule.nonResourceURLs === undefined)) {
    return [
      invalid(path, rule.name, 'give resources with apiGroups, or nonResourceURLs, one of the two and never both'),
    ];
  }
  if (rule.resources !== undefined) {
    return rule.apiGroups === undefined
      ? [required(child(path, 'apiGroups'), "apiGroups is required with resources; '' is the core group")]
      : [];
  }
  const excluded = {
    apiGroups: rule.apiGroups,
    resourceNames: rule.resourceNames?.length === 0 ? undefined : rule.resourceNames,
    namespaces: rule.namespaces,
    namespaceSelector: rule.namespaceSelector,
    objectSelector: rule.objectSelector,
  };
  return Object.entries(excluded)
    .filter(([, value]) => value !== undefined)
    .map(([field]) =>
      forbidden(
        child(path, field),
        'nonResourceURLs have no group, name, namespace or labels; remove it, or use resources',
      ),
    );
}

const urlVerbs: ReadonlySet<string> = new Set(['*', 'get', 'head', 'post', 'put', 'patch', 'delete', 'options']);
const onlyUrlVerbs: ReadonlySet<string> = new Set(['head', 'post', 'put', 'options']);

function validateVerbs({ verbs, nonResourceURLs }: PolicyRule, path: string): FieldError[] {
  return nonResourceURLs === undefined
    ? checkEach(
        verbs,
        child(path, 'verbs'),
        (verb) => !onlyUrlVerbs.has(verb),
        'is a verb of nonResourceURLs; for resources use get, list, watch, create, update, patch, delete, deletecollection',
      )
    : checkEach(
        verbs,
        child(path, 'verbs'),
        (verb) => urlVerbs.has(verb),
        'the verbs of nonResourceURLs are HTTP methods in lower case: get, head, post, put, patch, delete, options',
      );
}

/** Expressions compile, and none of them is the constant that switches its rule or policy off unseen. */
export function validateExpressions(
  expressions: readonly NamedExpression[] | undefined,
  path: string,
  compileExpression: ExpressionCompiler,
): FieldError[] {
  return (expressions ?? []).flatMap(({ expression }, index) => {
    const at = child(item(path, index), 'expression');
    if (expression.trim() === 'false') {
      return [invalid(at, expression, 'is never true, so nothing would ever match; remove the rule or policy instead')];
    }
    const result = compileExpression(expression);
    return result.kind === 'compiled'
      ? []
      : result.findings.map(({ message, line, column }) => invalid(at, expression, `${line}:${column}: ${message}`));
  });
}

function validateAction(rule: PolicyRule, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { action, approval, auditLevel, verbs } = rule;
  if (action === 'RequireApproval' && approval === undefined) {
    errors.push(
      required(
        child(path, 'approval'),
        'approval is required for the action RequireApproval; name at least its reviewers',
      ),
    );
  }
  if (approval !== undefined) {
    errors.push(
      ...(action === 'RequireApproval'
        ? validateApproval(approval, child(path, 'approval'))
        : [forbidden(child(path, 'approval'), 'approval goes with the action RequireApproval alone')]),
    );
  }
  const reads = verbs.every((verb) => verb === 'get' || verb === 'list' || verb === 'watch');
  if (auditLevel === 'None' && !(action === 'Allow' && reads)) {
    errors.push(
      invalid(
        child(path, 'auditLevel'),
        auditLevel,
        'auditLevel None is accepted only in Allow rules whose verbs are get, list and watch; use Metadata',
      ),
    );
  }
  return errors;
}

/** Bounds in milliseconds, as the CustomResourceDefinition has them. */
const MAX_HOLD = 5 * 60_000;
const MIN_EXPIRY = 1_000;
const MAX_EXPIRY = 168 * 3_600_000;

function validateApproval(approval: ApprovalPolicy, path: string): FieldError[] {
  const errors = validateReviewers(approval, path);
  const hold = parseDuration(approval.holdFor);
  const expiry = parseDuration(approval.expiresAfter);
  if (hold === undefined || hold > MAX_HOLD) {
    errors.push(
      invalid(child(path, 'holdFor'), approval.holdFor, 'write a Go duration between 0s and 5m, such as 45s or 1m30s'),
    );
  }
  if (expiry === undefined || expiry < MIN_EXPIRY || expiry > MAX_EXPIRY) {
    errors.push(
      invalid(
        child(path, 'expiresAfter'),
        approval.expiresAfter,
        'write a Go duration between 1s and 168h, such as 30m',
      ),
    );
  }
  if (hold !== undefined && expiry !== undefined && hold > expiry) {
    errors.push(
      invalid(
        child(path, 'holdFor'),
        approval.holdFor,
        'holdFor is longer than expiresAfter; lower holdFor or raise expiresAfter',
      ),
    );
  }
  return errors;
}
