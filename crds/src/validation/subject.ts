import type { Reviewer, Subject } from '../v1alpha1/generated/api.ts';
import { forbidden, invalid, required, type FieldError } from './field-error.ts';
import { child } from './path.ts';

const SERVICE_ACCOUNT_NAME = /^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/u;

/** A subject that can match nobody makes a rule that seems to say something and does not. */
export function validateSubject({ kind, name, namespace }: Subject, path: string): FieldError[] {
  const namePath = child(path, 'name');
  const errors: FieldError[] = [];
  if (name === '*') {
    errors.push(
      invalid(
        namePath,
        name,
        "name is matched literally, so '*' matches nobody; use kind Group, name system:authenticated",
      ),
    );
  }
  switch (kind) {
    case 'ServiceAccount':
      if (namespace === undefined) {
        errors.push(required(child(path, 'namespace'), 'namespace belongs to kind ServiceAccount, which needs it'));
      }
      if (name !== '*' && !SERVICE_ACCOUNT_NAME.test(name)) {
        errors.push(invalid(namePath, name, 'name is not a possible ServiceAccount name; give the bare name'));
      }
      break;
    case 'User':
    case 'Group':
      if (namespace !== undefined) {
        errors.push(
          forbidden(child(path, 'namespace'), `namespace belongs to kind ServiceAccount; remove it for ${kind}`),
        );
      }
      if (kind === 'User' && name.startsWith('system:serviceaccount:')) {
        errors.push(invalid(namePath, name, 'name a ServiceAccount by kind ServiceAccount with namespace and name'));
      }
      break;
  }
  return errors;
}

/** Names that stand for everybody, nobody, or every workload: with such a reviewer callers could approve each other. */
const nobodyInParticular: ReadonlySet<string> = new Set([
  '*',
  'system:authenticated',
  'system:unauthenticated',
  'system:anonymous',
  'system:serviceaccounts',
]);

/** Reviewers and their number, of a rule's approval and of an ApprovalRequest's requirement alike. */
export function validateReviewers(
  { reviewers, required: needed }: { readonly reviewers: readonly Reviewer[]; readonly required: number },
  path: string,
): FieldError[] {
  const errors = reviewers.flatMap(({ name }, index) =>
    nobodyInParticular.has(name)
      ? [
          forbidden(
            child(`${child(path, 'reviewers')}[${index}]`, 'name'),
            `name the people who decide; ${name} stands for everybody, nobody or every workload`,
          ),
        ]
      : [],
  );
  if (reviewers.length === 0) {
    errors.push(required(child(path, 'reviewers'), 'without a reviewer no call could ever be approved'));
  } else if (needed > reviewers.length && reviewers.every(({ kind }) => kind === 'User')) {
    errors.push(
      invalid(
        child(path, 'required'),
        String(needed),
        'required is greater than the number of reviewers; lower it or add reviewers',
      ),
    );
  }
  return errors;
}
