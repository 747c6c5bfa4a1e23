import * as fc from 'fast-check';
import { name, oneWordOf, plainName, words } from './arbitrary-paths.ts';

const booleans = oneWordOf('∅ true false 0 1 no FALSE faLse falſe FALſE F 00 true; ␣false');
const integers = fc.oneof(
  oneWordOf('0 500 -5 +7 007 ∅ abc 1_000 0x10 1e3 ␣1 + --1 ٣'),
  oneWordOf('9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809'),
  fc.constant(`${'0'.repeat(70)}5`),
);
const soup = (...tokens: string[]): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...tokens), { maxLength: 7 }).map((parts) => parts.join(''));
const fieldSelector = fc.oneof(
  name.map((text) => `metadata.name=${text}`),
  oneWordOf(
    'metadata.name=. metadata.name==.. metadata.name=a/b metadata.name=a%b metadata.name= metadata.name!=a \u{1F600}=1,\uFFFD=2',
  ),
  fc.tuple(name, name).map(([first, second]) => `metadata.namespace=${first},metadata.name==${second}`),
  soup(...words('metadata.name metadata.name= = == != , \\ \\, \\= a b status.phase / % . ␣ \u{1F600} \uFFFD')),
);
const labelSelector = fc.oneof(
  plainName.map((text) => `app=${text}`),
  soup(...words('app a b a.b/c = == != ␣in␣ ␣notin␣ in ( ) , ! > < 5 -1 ␣ _x \t ä')),
  soup(
    ...words('app ␣in␣( a , ) ␣notin␣( b ! x = > 10'),
    '9'.repeat(20),
    'l'.repeat(63),
    'l'.repeat(64),
    `${'p'.repeat(253)}/x`,
    `${'p'.repeat(254)}/x`,
  ),
  oneWordOf(
    'app␣in␣(a,b),tier␣notin␣(c),x,!y,n>5,m<6,z!=1,w==2 in␣in␣(in,notin) a␣in␣(),b␣in␣(,),c␣in␣(a,) A.b/c=d /c=d',
  ),
);

/** A key and a value, not yet encoded. */
type Pair = readonly [string, string];

const pair: fc.Arbitrary<Pair> = fc.oneof(
  fc.tuple(oneWordOf('watch watch allowWatchBookmarks sendInitialEvents force pretty'), booleans),
  fc.tuple(oneWordOf('stdin stdout stderr tty follow previous'), booleans),
  fc.tuple(oneWordOf('limit timeoutSeconds tailLines gracePeriodSeconds'), integers),
  fc.tuple(fc.constant('fieldSelector'), fieldSelector),
  fc.tuple(fc.constant('labelSelector'), labelSelector),
  fc.tuple(oneWordOf('container resourceVersion continue fieldManager dryRun x Watch ∅'), name),
  fc.tuple(
    fc.constant('command'),
    fc.oneof(name, fc.constantFrom('', 'sh', '-c', 'echo "a" | tee\n/tmp/x; ls & wait', '--x=y')),
  ),
  fc.tuple(fc.constant('ports'), oneWordOf('80 80,443 0 65535 65536 ∅ 80, -1 +1 00080 80␣')),
);

const isList = (key: string): boolean => key === 'command' || key === 'ports';

/** Styles in which clients write the same pair. */
const PAIR_STYLES: readonly ((pair: Pair) => string)[] = [
  ([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`,
  ([key, value]) =>
    `${key}=${encodeURIComponent(value)
      .replaceAll('%20', '+')
      .replaceAll(/%(?:3D|2C)/g, decodeURIComponent)}`,
  ([key, value]) => (value === '' ? key : `${key}=${escapeAll(value)}`),
  ([key, value]) => `${escapeAll(key)}=${encodeURIComponent(value)}`,
];
const escapeAll = (text: string): string => Buffer.from(text).toString('hex').replaceAll(/../g, '%$&');

const queryOf = (list: fc.Arbitrary<readonly Pair[]>): fc.Arbitrary<string> =>
  fc
    .tuple(list, fc.constantFrom(...PAIR_STYLES), oneWordOf('& & &&'), fc.boolean())
    .map(([pairs, style, separator, mark]) => {
      const text = pairs.map((one) => style(one)).join(separator);
      return text === '' && !mark ? '' : `?${text}`;
    });

/** Nothing, or `?` and parameters of which those that take one value have one. */
export const query = fc.oneof(
  { weight: 1, arbitrary: fc.constant('') },
  {
    weight: 2,
    arbitrary: queryOf(
      fc
        .array(pair, { maxLength: 5 })
        .map((pairs) =>
          pairs.filter(([key], at) => isList(key) || pairs.findIndex(([earlier]) => earlier === key) === at),
        ),
    ),
  },
);
/** Repeated and contradicting parameters too. */
export const repetitiveQuery = queryOf(fc.array(pair, { maxLength: 6 }));
