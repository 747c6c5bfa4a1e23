import type { ApprovalRequest } from '../v1alpha1/approvalrequest.ts';
import { invalid, type FieldError } from './field-error.ts';
import { child, entry, item } from './path.ts';
import { isLongerThan } from './schema.ts';
import { validateReviewers } from './subject.ts';

/** Longest username that can be a reviewer, a requester or the key of a decision. */
export const MAX_USERNAME_LENGTH = 512;

/** Everything that is wrong with an ApprovalRequest that already fits its schema. */
export function validateApprovalRequest({ spec, status }: Pick<ApprovalRequest, 'spec' | 'status'>): FieldError[] {
  const errors = spec.requirements.flatMap((requirement, index) =>
    validateReviewers(requirement, item('spec.requirements', index)),
  );
  const { request } = spec;
  if (request.resource === undefined) {
    const excess = (['apiGroup', 'apiVersion', 'subresource', 'namespace', 'name'] as const).filter(
      (field) => request[field] !== undefined,
    );
    errors.push(
      ...excess.map((field) =>
        invalid(child('spec.request', field), request[field] ?? '', 'a request without a resource has none'),
      ),
    );
  } else if (request.apiGroup === undefined || request.apiVersion === undefined) {
    errors.push(invalid('spec.request', request.resource, 'apiGroup and apiVersion are required with resource'));
  }
  for (const reviewer of Object.keys(status?.decisions ?? {})) {
    if (reviewer === '' || isLongerThan(reviewer, MAX_USERNAME_LENGTH)) {
      errors.push(
        invalid(
          entry('status.decisions', reviewer),
          reviewer,
          `must be a username of 1 to ${MAX_USERNAME_LENGTH} characters`,
        ),
      );
    }
  }
  if (status?.outcome !== undefined && status.consumed === undefined) {
    errors.push(invalid('status.outcome', String(status.outcome.code), 'outcome needs consumed'));
  }
  if (status?.voided !== undefined && status.consumed !== undefined) {
    errors.push(invalid('status.voided', status.voided.reason, 'a request is either consumed or voided, never both'));
  }
  return errors;
}
