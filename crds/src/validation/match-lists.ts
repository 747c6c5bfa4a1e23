import { invalid, type FieldError } from './field-error.ts';
import { child, item } from './path.ts';
import { isResourceEntry } from './resource-name.ts';

/** The lists that rules of policies and matches of MaskingRules share. */
export interface MatchLists {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly namespaces?: readonly string[];
}

/** One check of every element of a list. */
export function checkEach(
  values: readonly string[] | undefined,
  path: string,
  isGood: (value: string) => boolean,
  detail: string,
): FieldError[] {
  return (values ?? []).flatMap((value, index) => (isGood(value) ? [] : [invalid(item(path, index), value, detail)]));
}

const API_GROUP = /^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/u;
const NAMESPACE = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/u;

/** The same checks as the CEL rules of the CustomResourceDefinitions, for objects that did not pass an API server. */
export function validateMatchLists({ apiGroups, resources, namespaces }: MatchLists, path: string): FieldError[] {
  return [
    ...checkEach(
      apiGroups,
      child(path, 'apiGroups'),
      (group) => group === '' || group === '*' || API_GROUP.test(group),
      "name the group alone, in lower case and without a version: 'apps', not 'apps/v1'",
    ),
    ...checkEach(
      resources,
      child(path, 'resources'),
      isResourceEntry,
      "write resources as in RBAC: the lower-case plural, 'pods/exec' for a subresource, '*/scale', or '*'",
    ),
    ...checkEach(
      namespaces,
      child(path, 'namespaces'),
      (namespace) => NAMESPACE.test(namespace),
      'namespaces are matched literally, without wildcards',
    ),
  ];
}
