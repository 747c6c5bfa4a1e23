/** An entry of `resources` in RBAC's shape, taken apart. */
export interface ResourceName {
  /** `*` for every resource. */
  readonly resource: string;
  /** Absent for the object itself. */
  readonly subresource: string | undefined;
}

const RESOURCE = /^(?:\*|(?:\*\/|[a-z0-9][-a-z0-9_.]*\/)?[a-z0-9][-a-z0-9_.]*)$/u;

/** As the CEL rule of the CustomResourceDefinition: a plural, a subresource, one subresource of everything, or all. */
export const isResourceEntry = (entry: string): boolean => RESOURCE.test(entry);

export function splitResource(entry: string): ResourceName {
  const [resource = '', subresource] = entry.split('/');
  return { resource, subresource };
}
