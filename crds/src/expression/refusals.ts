/**
 * What Kubernetes' CEL has and this environment refuses, with what to write instead. Refused when a policy is
 * compiled: a function that answered otherwise than the API server would make the same line mean two things.
 */
export interface Refusal {
  /** Function names, or `name.*` for all functions of a namespace. */
  readonly names: readonly string[];
  readonly advice: string;
}

export const refusals: readonly Refusal[] = [
  {
    names: ['optional.*', 'orValue', 'or', 'optMap', 'optFlatMap', 'hasValue', 'value', 'unwrap', 'unwrapOpt'],
    advice: "optional values are not supported; write has(object.a) ? object.a : 'default'",
  },
  {
    names: ['transformList', 'transformMap', 'transformMapEntry'],
    advice: 'comprehensions with two variables are not supported; iterate over the keys and index the map',
  },
  {
    names: [
      'quantity',
      'isQuantity',
      'asInteger',
      'asApproximateFloat',
      'isInteger',
      'isGreaterThan',
      'isLessThan',
      'compareTo',
      'add',
      'sub',
    ],
    advice: 'quantities are not supported; limit them with a ResourceQuota or a LimitRange, or compare the text',
  },
  {
    names: ['url', 'isURL', 'getScheme', 'getHost', 'getHostname', 'getPort', 'getEscapedPath', 'getQuery'],
    advice: 'URLs are not supported; use matches() with a pattern that is anchored at both ends',
  },
  {
    names: [
      'ip',
      'isIP',
      'ip.*',
      'cidr',
      'isCIDR',
      'containsIP',
      'containsCIDR',
      'family',
      'masked',
      'prefixLength',
      'isLoopback',
      'isUnspecified',
      'isLinkLocalMulticast',
      'isLinkLocalUnicast',
      'isGlobalUnicast',
    ],
    advice: 'IP addresses are not supported; use matches() with a pattern that is anchored at both ends',
  },
  {
    names: ['semver', 'isSemver', 'major', 'minor', 'patch'],
    advice: 'semantic versions are not supported; use matches() with a pattern that is anchored at both ends',
  },
  { names: ['format', 'format.*', 'validate'], advice: 'formats are not supported; join strings with +' },
  { names: ['strings.*', 'reverse'], advice: 'this function of the strings library is not supported' },
  { names: ['math.*'], advice: 'the math library is not part of Kubernetes; use comparisons and ?:' },
  { names: ['base64.*'], advice: 'base64 is not part of Kubernetes; compare the encoded text' },
  { names: ['cel.*'], advice: 'bindings are not supported; repeat the term, or write [term].exists(x, ...)' },
  { names: ['proto.*'], advice: 'protocol buffer extensions do not exist on Kubernetes objects' },
  { names: ['jsonpatch.*'], advice: 'jsonpatch belongs to mutation; policies only decide' },
  {
    names: [
      'authorizer',
      'group',
      'serviceAccount',
      'path',
      'resource',
      'subresource',
      'namespace',
      'name',
      'check',
      'allowed',
      'reason',
      'errored',
      'error',
      'fieldSelector',
      'labelSelector',
    ],
    advice: 'the authorizer is not offered; RBAC is asked anyway, as the caller, when the call is forwarded',
  },
  { names: ['uint'], advice: 'uint is not supported; integers of Kubernetes objects are int' },
  { names: ['bytes'], advice: 'bytes are not supported; values of Secrets are base64 text' },
  {
    names: ['distinct', 'flatten', 'range', 'lists.*', 'slice', 'sort', 'sortBy', 'first', 'last'],
    advice: 'this function of the lists library is not supported',
  },
];

const advices: ReadonlyMap<string, string> = new Map(
  refusals.flatMap(({ names, advice }) => names.map((name) => [name, advice] as const)),
);

/** What to say of a function that is not declared, or `undefined` where Kubernetes has no such function either. */
export function adviceFor(name: string): string | undefined {
  const [namespace = ''] = name.split('.', 1);
  return advices.get(name) ?? (name.includes('.') ? advices.get(`${namespace}.*`) : undefined);
}

/** What to say where the parser stops at syntax that Kubernetes has and the parser does not know. */
export function adviceForSyntax(rest: string): string | undefined {
  if (/^(?:[.[{,]\s*)?\?/u.test(rest)) return adviceFor('optional.of');
  return /^\.\s*`/u.test(rest) ? "quoted field names are not supported; write object['a.b/c']" : undefined;
}
