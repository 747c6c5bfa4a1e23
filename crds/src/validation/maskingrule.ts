import type { MaskingRuleSpec } from '../v1alpha1/generated/api.ts';
import type { RegexCompiler } from './compilers.ts';
import { forbidden, invalid, required, type FieldError, type FieldWarning } from './field-error.ts';
import { parseFieldPath, type FieldPath } from './fieldpath.ts';
import { validateMatchLists } from './match-lists.ts';
import { child, item } from './path.ts';
import { splitResource } from './resource-name.ts';
import { validateSubject } from './subject.ts';

export interface MaskingRuleCompilers {
  readonly compileRegex: RegexCompiler;
}

/** As `validateAgentPolicySpec`, for a MaskingRule. */
export function validateMaskingRuleSpec(
  spec: MaskingRuleSpec,
  { compileRegex }: MaskingRuleCompilers,
  path = 'spec',
): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.fields === undefined && spec.patterns === undefined && spec.detectors === undefined) {
    errors.push(required(path, 'the rule masks nothing; give at least one of fields, patterns and detectors'));
  }
  if (!spec.targets.includes('Audit')) {
    errors.push(invalid(child(path, 'targets'), spec.targets.join(','), 'targets must contain Audit'));
  }
  return [
    ...errors,
    ...validateMatch(spec, child(path, 'match')),
    ...(spec.fields ?? []).flatMap((field, index) => validateField(field, item(child(path, 'fields'), index))),
    ...(spec.patterns ?? []).flatMap(({ regex }, index) =>
      validatePattern(regex, child(item(child(path, 'patterns'), index), 'regex'), compileRegex),
    ),
  ];
}

/** Responses that are bytes or a Status, in which a field path finds nothing. */
const streams: ReadonlySet<string> = new Set(['log', 'exec', 'attach', 'portforward', 'proxy']);

function validateMatch({ match, fields, patterns, detectors }: MaskingRuleSpec, path: string): FieldError[] {
  if (match === undefined) {
    return [];
  }
  const errors = validateMatchLists(match, path);
  if ((match.apiGroups === undefined) !== (match.resources === undefined)) {
    errors.push(invalid(path, '', "apiGroups and resources go together; '' is the core group, '*' stands for all"));
  }
  errors.push(
    ...(match.subjects ?? []).flatMap((subject, index) =>
      validateSubject(subject, item(child(path, 'subjects'), index)),
    ),
  );
  const onlyFields = fields !== undefined && patterns === undefined && detectors === undefined;
  if (onlyFields && match.resources?.every((entry) => streams.has(splitResource(entry).subresource ?? '')) === true) {
    errors.push(
      invalid(
        child(path, 'resources'),
        match.resources.join(','),
        'logs and sessions are text without fields, so fields masks nothing there; use patterns or detectors',
      ),
    );
  }
  return errors;
}

/** Of metadata only these are the user's own; clients and controllers break where the rest is not what it was. */
const maskableMetadata: ReadonlySet<string> = new Set(['annotations', 'labels', 'managedFields']);

function validateField(text: string, path: string): FieldError[] {
  const result = parseFieldPath(text);
  if (result.kind === 'invalid') {
    return [invalid(path, text, `position ${result.offset}: ${result.message}`)];
  }
  const problem = unmaskable(result.path);
  return problem === undefined ? [] : [forbidden(path, problem)];
}

function unmaskable([first, second]: FieldPath): string | undefined {
  if (first?.kind !== 'key') {
    return 'start with the name of a field; a wildcard there would mask apiVersion, kind and metadata';
  }
  if (first.key === 'apiVersion' || first.key === 'kind') {
    return `${first.key} says what the object is and cannot be masked`;
  }
  if (first.key === 'metadata' && (second?.kind !== 'key' || !maskableMetadata.has(second.key))) {
    return 'of metadata only annotations, labels and managedFields can be masked; name one of them';
  }
  return undefined;
}

function validatePattern(regex: string, path: string, compileRegex: RegexCompiler): FieldError[] {
  const result = compileRegex(regex);
  if (result.kind === 'invalid') {
    return [invalid(path, regex, result.message)];
  }
  return result.pattern.test('')
    ? [
        invalid(
          path,
          regex,
          'matches the empty text, so it would match everywhere and hide nothing; make it match something',
        ),
      ]
    : [];
}

/** What a MaskingRule may say without meaning it. None of this keeps it from being accepted. */
export function warnMaskingRuleSpec(spec: MaskingRuleSpec, path = 'spec'): FieldWarning[] {
  if (!spec.targets.includes('Response')) {
    return [];
  }
  const targets = child(path, 'targets');
  const warnings: FieldWarning[] = [];
  if (matchesSecrets(spec)) {
    warnings.push({
      path: targets,
      detail:
        'Secrets of type helm.sh/release.v1 are not masked in responses, as that would break helm; deny reading them instead',
    });
  }
  if (spec.match?.resources === undefined) {
    warnings.push({
      path: targets,
      detail: 'the rule masks responses of every resource; callers that write back what they read are refused',
    });
  }
  return warnings;
}

function matchesSecrets({ match }: MaskingRuleSpec): boolean {
  if (match?.resources === undefined || match.apiGroups === undefined) {
    return true;
  }
  const inCore = match.apiGroups.includes('') || match.apiGroups.includes('*');
  return inCore && (match.resources.includes('secrets') || match.resources.includes('*'));
}
