import * as fc from 'fast-check';

/** Words of a vocabulary; `␣` stands for a blank and `∅` for the empty word. */
export const words = (text: string): string[] =>
  text.split(' ').map((word) => word.replaceAll('␣', ' ').replaceAll('∅', ''));

export const oneWordOf = (text: string): fc.Arbitrary<string> => fc.constantFrom(...words(text));

export const plainName = fc.stringMatching(/^[a-z0-9](?:[a-z0-9.-]{0,12}[a-z0-9])?$/);
/** Names that are legal and need thought: reserved words, blanks, colons, other scripts. */
const oddName = fc.oneof(
  oneWordOf('system:node a␣b ä 日本 𝒳 https:svc:443 ... a+b o\'hara a;b a,b=c a?b a#b a&b a\\b <x> [x] {x} " - ~'),
  oneWordOf('watch proxy status finalize namespaces api v1'),
);
export const name = fc.oneof({ weight: 3, arbitrary: plainName }, { weight: 1, arbitrary: oddName });

/** Encodings of a segment that mean the same: more or less escaped, hexadecimal digits in either case. */
const encodedSegment = (segment: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(segment, fc.nat(2)).map(([text, style]) => {
    const encoded = encodeURIComponent(text);
    if (style === 0) return encoded;
    if (style === 1) return encoded.replaceAll(/%(?:24|26|2B|3D|3A|40|2C|3B)/g, decodeURIComponent);
    return encoded.replaceAll(/%../g, (escape) => escape.toLowerCase());
  });
const segment = encodedSegment(name);

export const root = fc.oneof(
  oneWordOf('/api/v1 /apis/apps/v1'),
  fc.tuple(segment, segment).map(([group, version]) => `/apis/${group}/${version}`),
);
/** Where a resource stands, these words are something else: legal, but not what the shape below says. */
const RESERVED: ReadonlySet<string> = new Set(['watch', 'proxy', 'status', 'finalize', 'namespaces']);
const resource = fc.oneof(
  { weight: 6, arbitrary: oneWordOf('pods services secrets configmaps nodes deployments namespaces x') },
  { weight: 1, arbitrary: encodedSegment(name.filter((text) => !RESERVED.has(text))) },
);
const subresource = fc.oneof(
  { weight: 6, arbitrary: oneWordOf('exec attach portforward proxy log status finalize scale token') },
  { weight: 1, arbitrary: segment },
);
/** After `proxy/` all goes but dot segments: empty segments, encoded slashes, encoded percent signs. */
const proxyTail = fc.array(fc.oneof(segment, oneWordOf('∅ a%2Fb %2f %25 %2541 %41')), { maxLength: 4 });

interface Shape {
  readonly root: string;
  readonly namespace: string | null;
  readonly resource: string;
  readonly name: string | null;
  readonly subresource: string | null;
}

const shape: fc.Arbitrary<Shape> = fc.record({
  root,
  namespace: fc.option(segment),
  resource,
  name: fc.option(segment),
  subresource: fc.option(subresource),
});

function pathOf(one: Shape, verbPrefix: readonly string[], tail: readonly string[]): string {
  const namespace = one.namespace === null ? [] : ['namespaces', one.namespace];
  const parts = [one.root, ...verbPrefix, ...namespace, one.resource];
  if (one.name === null) return parts.join('/');
  if (one.subresource === null) return [...parts, one.name].join('/');
  // `namespaces/d/proxy/...` are proxies in namespace d, and no proxy subresource.
  const isProxy = one.subresource === 'proxy' && (one.namespace !== null || one.resource !== 'namespaces');
  return [...parts, one.name, one.subresource, ...(isProxy ? tail : [])].join('/');
}

/** Of resources, their collections and subresources, in any namespace and group. */
export const resourcePath = fc.tuple(shape, proxyTail).map(([one, tail]) => pathOf(one, [], tail));
/** The same with the deprecated prefix, for GET alone. */
export const watchPath = shape.map((one) => pathOf(one, ['watch'], []));
/** Of Namespace objects themselves. */
export const namespacePath = fc
  .tuple(segment, oneWordOf('∅ /status /finalize'))
  .map(([text, rest]) => `/api/v1/namespaces/${text}${rest}`);
/** Of streams to and from pods. */
export const connectPath = fc
  .tuple(segment, oneWordOf('exec attach portforward'))
  .map(([pod, stream]) => `/api/v1/namespaces/d/pods/${pod}/${stream}`);
/** Of nothing that is a resource. */
export const nonResourcePath = oneWordOf(
  '/ /api /apis /version /livez/ping /openapi/v3/apis/apps/v1 /debug/pprof/heap /api/v1 /apis/apps /apis/apps/v1 ' +
    '/.well-known/openid-configuration /openid/v1/jwks /logs/ /x/y/z/w',
);
/** Words that mean something somewhere, in any order. */
export const wordPath = fc
  .tuple(
    oneWordOf('∅ /api/v1 /apis/apps/v1 /api/v1/namespaces/d'),
    fc.array(
      oneWordOf(
        'api apis v1 apps namespaces watch proxy status finalize pods exec log d p pods exec proxy namespaces debug ' +
          'pprof x portforward attach',
      ),
      { maxLength: 8 },
    ),
  )
  .map(([start, list]) => `${start}/${list.join('/')}`);
