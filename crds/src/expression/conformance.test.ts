import { readFileSync } from 'node:fs';
import { celEnv, celUint, isCelError, isCelList, isCelMap, isCelType, isCelUint, parse, plan } from '@bufbuild/cel';
import type { CelInput, CelValue } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { SimpleTestSchema, type SimpleTest } from '@bufbuild/cel-spec/cel/expr/conformance/test/simple_pb.js';
import type { Type } from '@bufbuild/cel-spec/cel/expr/checked_pb.js';
import { Type_PrimitiveType, Type_WellKnownType } from '@bufbuild/cel-spec/cel/expr/checked_pb.js';
import type { MapValue_Entry, Value } from '@bufbuild/cel-spec/cel/expr/value_pb.js';
import { getTestRegistry } from '@bufbuild/cel-spec/testdata/registry.js';
import { getConformanceSuite, type IncrementalTestSuite } from '@bufbuild/cel-spec/testdata/tests.js';
import { Environment } from '@marcbachmann/cel-js';
import { anyUnpack, DurationSchema, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { create, isMessage } from '@bufbuild/protobuf';
import { isReflectMessage } from '@bufbuild/protobuf/reflect';
import { describe, expect, test } from 'vitest';
import { compileExpression, evaluateToValue, functionTable, newActivation } from './environment.ts';
import { signature } from './overload.ts';
import { refusals } from './refusals.ts';
import {
  BOOL,
  DOUBLE,
  DURATION,
  DYN,
  formatType,
  INT,
  listOf,
  mapOf,
  NULL,
  STRING,
  TIMESTAMP,
  type StaticType,
} from './statictype.ts';
import type { JsonValue } from './value.ts';

const registry = getTestRegistry();

interface Case {
  readonly name: string;
  readonly section: string;
  readonly spec: SimpleTest;
}

function casesOf(suite: IncrementalTestSuite, path: string): Case[] {
  const [section = suite.name] = path.split('/', 1);
  return [
    ...suite.tests.map(({ name, original }) => ({ name: `${path}/${name}`, section, spec: original })),
    ...suite.suites.flatMap((child) => casesOf(child, path === '' ? child.name : `${path}/${child.name}`)),
  ];
}

const cases = casesOf(getConformanceSuite(), '');

/** One notation for values of the data, of both libraries and of ours, so that equal texts are equal values. */
function show(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'bigint') return `int ${value}`;
  if (typeof value === 'number') return `double ${Object.is(value, -0) ? '-0' : value}`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'boolean') return String(value);
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (value instanceof Map) return showEntries([...value.entries()]);
  if (isCelUint(value)) return `uint ${value.value}`;
  if (isCelType(value)) return `type ${value.name}`;
  if (isCelList(value)) return `[${[...value].map(show).join(', ')}]`;
  if (isCelMap(value)) return showEntries([...value.entries()]);
  if (isReflectMessage(value)) return showMessage(value.message);
  return showForeign(value);
}

function showEntries(entries: readonly (readonly [unknown, unknown])[]): string {
  return `{${entries
    .map(([key, value]) => `${show(key)}: ${show(value)}`)
    .toSorted()
    .join(', ')}}`;
}

function showMessage(message: unknown): string {
  if (isMessage(message, TimestampSchema)) return `timestamp ${message.seconds}.${message.nanos}`;
  if (isMessage(message, DurationSchema)) return `duration ${message.seconds}.${message.nanos}`;
  return 'message';
}

/** cel-js's own classes, told by their names because it exports none of them. */
function showForeign(value: unknown): string {
  if (value instanceof Date) {
    const seconds = Math.floor(value.getTime() / 1000);
    return `timestamp ${seconds}.${(value.getTime() - seconds * 1000) * 1_000_000}`;
  }
  if (typeof value !== 'object' || value === null) return typeof value;
  const name = value.constructor?.name;
  if (name === 'UnsignedInt' && 'value' in value) return `uint ${String(value.value)}`;
  if (name === 'Type' && 'name' in value) return `type ${String(value.name)}`;
  if (name === 'Duration' && 'seconds' in value && 'nanos' in value)
    return `duration ${String(value.seconds)}.${String(value.nanos)}`;
  if (name === 'Object' || name === undefined) return showEntries(Object.entries(value));
  return name;
}

function showExpected({ kind }: Value): string {
  switch (kind.case) {
    case 'nullValue':
      return 'null';
    case 'uint64Value':
      return `uint ${kind.value}`;
    case 'typeValue':
      return `type ${kind.value}`;
    case 'listValue':
      return `[${kind.value.values.map(showExpected).join(', ')}]`;
    case 'mapValue':
      return `{${kind.value.entries
        .map((entry) => `${showOptional(entry.key)}: ${showOptional(entry.value)}`)
        .toSorted()
        .join(', ')}}`;
    case 'objectValue':
      return showMessage(anyUnpack(kind.value, registry));
    case 'enumValue':
      return `int ${kind.value.value}`;
    case 'boolValue':
    case 'int64Value':
    case 'doubleValue':
    case 'stringValue':
    case 'bytesValue':
      return show(kind.value);
    case undefined:
    default:
      return 'nothing';
  }
}

function showOptional(value: Value | undefined): string {
  return value === undefined ? 'nothing' : showExpected(value);
}

/** What the data demands: a value, or an error of any kind. */
function expectationOf({ resultMatcher }: SimpleTest): string {
  switch (resultMatcher.case) {
    case 'value':
      return showExpected(resultMatcher.value);
    case 'typedResult':
      return showOptional(resultMatcher.value.result);
    case 'evalError':
    case 'anyEvalErrors':
      return 'error';
    case 'unknown':
    case 'anyUnknowns':
      return 'unknown';
    case undefined:
    default:
      return 'true';
  }
}

/** A value of the data as an input, or `undefined` where it is a protocol buffer message. */
function inputOf(value: Value | undefined): CelInput | undefined {
  if (value === undefined) return undefined;
  const { kind } = value;
  if (kind.case === 'nullValue') return null;
  if (kind.case === 'listValue') return allOrNone(kind.value.values.map(inputOf));
  if (kind.case === 'mapValue') return mapOfEntries(kind.value.entries);
  if (kind.case === 'objectValue') return anyUnpack(kind.value, registry);
  if (kind.case === 'uint64Value') return celUint(kind.value);
  if (kind.case === 'enumValue' || kind.case === 'typeValue') return undefined;
  return kind.value;
}

function mapOfEntries(entries: readonly MapValue_Entry[]): CelInput | undefined {
  const values = allOrNone(entries.map((entry) => inputOf(entry.value)));
  if (values === undefined) return undefined;
  const keys = entries.map((entry) => inputOf(entry.key));
  return new Map(keys.flatMap((key, index) => (isKey(key) ? [[key, values[index] ?? null] as const] : [])));
}

function isKey(key: CelInput | undefined): key is string | bigint | boolean {
  return typeof key === 'string' || typeof key === 'bigint' || typeof key === 'boolean';
}

function allOrNone(values: readonly (CelInput | undefined)[]): CelInput[] | undefined {
  const present = values.filter((value) => value !== undefined);
  return present.length === values.length ? present : undefined;
}

interface Bindings {
  readonly values: ReadonlyMap<string, CelInput>;
  /** Some value cannot be bound because it is a message: Kubernetes objects are none. */
  readonly isPartial: boolean;
}

function bindingsOf({ bindings }: SimpleTest): Bindings {
  const values = new Map<string, CelInput>();
  let isPartial = false;
  for (const [name, { kind }] of Object.entries(bindings)) {
    const value = kind.case === 'value' ? inputOf(kind.value) : undefined;
    if (value !== undefined) values.set(name, value);
    if (value === undefined || isForeign(value)) isPartial = true;
  }
  return { values, isPartial };
}

function isForeign(value: CelInput): boolean {
  if (isCelUint(value)) return true;
  return isMessage(value) && !isMessage(value, TimestampSchema) && !isMessage(value, DurationSchema);
}

/** The type of a variable of the data; `undefined` where Kubernetes objects have no such type. */
function staticTypeOf(type: Type | undefined): StaticType | undefined {
  if (type === undefined) return undefined;
  const { typeKind: kind } = type;
  if (kind.case === 'null') return NULL;
  if (kind.case === 'dyn') return DYN;
  if (kind.case === 'primitive') return primitives.get(kind.value);
  if (kind.case === 'wellKnown') return wellKnown.get(kind.value);
  if (kind.case === 'listType') {
    const element = staticTypeOf(kind.value.elemType);
    return element === undefined ? undefined : listOf(element);
  }
  if (kind.case !== 'mapType') return undefined;
  const key = staticTypeOf(kind.value.keyType);
  const value = staticTypeOf(kind.value.valueType);
  return key === undefined || value === undefined ? undefined : mapOf(key, value);
}

const wellKnown: ReadonlyMap<Type_WellKnownType, StaticType> = new Map([
  [Type_WellKnownType.TIMESTAMP, TIMESTAMP],
  [Type_WellKnownType.DURATION, DURATION],
]);

const primitives: ReadonlyMap<Type_PrimitiveType, StaticType> = new Map([
  [Type_PrimitiveType.BOOL, BOOL],
  [Type_PrimitiveType.INT64, INT],
  [Type_PrimitiveType.DOUBLE, DOUBLE],
  [Type_PrimitiveType.STRING, STRING],
]);

type Verdict = 'agrees' | 'refused' | 'deviates';

function compare(expected: string, actual: string): Verdict {
  return expected === actual ? 'agrees' : 'deviates';
}

function judgeOurs({ spec }: Case): Verdict {
  const bindings = bindingsOf(spec);
  const variables = new Map<string, StaticType>([...bindings.values.keys()].map((name) => [name, DYN]));
  for (const { name, declKind } of spec.typeEnv) {
    const type = declKind.case === 'ident' ? staticTypeOf(declKind.value.type) : DYN;
    if (type === undefined) return 'refused';
    if (declKind.case === 'ident') variables.set(name, type);
  }
  const compiled = compileExpression(spec.expr, { variables, result: 'any' });
  if (compiled.kind === 'invalid' || bindings.isPartial) return 'refused';
  if (spec.resultMatcher.case === 'typedResult') {
    const deduced = staticTypeOf(spec.resultMatcher.value.deducedType);
    const actual = formatType(compiled.expression.resultType);
    if (deduced !== undefined && formatType(deduced) !== actual) return 'deviates';
    if (spec.resultMatcher.value.result === undefined) return 'agrees';
  }
  const values = [...bindings.values].map(([name, value]) => [name, celInput(value)] as const);
  const result = evaluateToValue(compiled.expression, { bindings: Object.fromEntries(values) });
  return compare(expectationOf(spec), isCelError(result) ? 'error' : show(result));
}

/** Timestamps and durations must be wrapped by an evaluation of the library; the rest by its constructors. */
function celInput(value: CelInput): CelValue {
  const wrapped = identity({ value });
  if (isCelError(wrapped)) throw wrapped;
  return wrapped;
}

const identity = plan(celEnv({ registry }), parse('value'));

function judgeCelEs({ spec }: Case): Verdict {
  const bindings = Object.fromEntries(bindingsOf(spec).values);
  const expected = expectationOf(spec);
  try {
    const env = celEnv({ registry, namespace: spec.container, funcs: strings });
    const result = plan(env, parse(spec.expr))(bindings);
    return compare(expected, isCelError(result) ? 'error' : show(result));
  } catch {
    return compare(expected, 'error');
  }
}

function judgeCelJs({ spec }: Case): Verdict {
  const expected = expectationOf(spec);
  try {
    const environment = new Environment({
      unlistedVariablesAreDyn: true,
      enableOptionalTypes: true,
      homogeneousAggregateLiterals: false,
    });
    const context = Object.fromEntries(bindingsOf(spec).values);
    const result: unknown = environment.evaluate(spec.expr, context);
    return compare(expected, show(result));
  } catch {
    return compare(expected, 'error');
  }
}

/** What the language's data and Kubernetes' own environment say, against both libraries and against ours. */
const golden = {
  conformance: 'golden/conformance.json',
  kubernetes: 'golden/kubernetes-1.36.json',
} as const;

interface Golden {
  readonly [list: string]: readonly string[];
}

function readGolden(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'));
}

function isGolden(value: unknown): value is Golden {
  return typeof value === 'object' && value !== null && Object.values(value).every(Array.isArray);
}

type Judge = 'ours' | 'cel-es' | 'cel-js';

const verdicts = new Map<Judge, ReadonlyMap<Case, Verdict>>();

function verdictsOf(judge: Judge): ReadonlyMap<Case, Verdict> {
  const known = verdicts.get(judge) ?? new Map(cases.map((one) => [one, judges[judge](one)] as const));
  verdicts.set(judge, known);
  return known;
}

function namesOf(judge: Judge, verdict: Verdict): string[] {
  return cases
    .filter((one) => verdictsOf(judge).get(one) === verdict)
    .map(({ name }) => name)
    .toSorted();
}

const judges: Readonly<Record<Judge, (one: Case) => Verdict>> = {
  ours: judgeOurs,
  'cel-es': judgeCelEs,
  'cel-js': judgeCelJs,
};

function conformance(): Golden {
  return {
    'ours deviates': namesOf('ours', 'deviates'),
    'ours refuses': namesOf('ours', 'refused'),
    'cel-es deviates': namesOf('cel-es', 'deviates'),
    'cel-js deviates': namesOf('cel-js', 'deviates'),
  };
}

/** The table of docs/expressions.md: cases of each section that agree, of all. */
function comparisonTable(): string {
  const sections = [...new Set(cases.map(({ section }) => section))].toSorted();
  const rows = sections.map((section) => {
    const own = cases.filter((one) => one.section === section);
    const count = (judge: Judge, verdict: Verdict): number =>
      own.filter((one) => verdictsOf(judge).get(one) === verdict).length;
    const cells = [own.length, count('cel-js', 'agrees'), count('cel-es', 'agrees'), count('ours', 'agrees')];
    return `| ${section} | ${[...cells, count('ours', 'refused'), count('ours', 'deviates')].join(' | ')} |`;
  });
  return [
    '| section | cases | cel-js agrees | cel-es agrees | we agree | we refuse | we deviate |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** One true expression for each extension that Kubernetes 1.36 offers. */
const extensions: Readonly<Record<string, string>> = {
  'optional field selection `?.`': "{'a': 1}.?a.orValue(2) == 1",
  'optional index `[?]`': '[1][?3].orValue(2) == 2',
  'optional literals `[?x]`': "[?{'a': 1}.?b] == []",
  '`optMap`': "{'a': 1}.?a.optMap(x, x + 1).orValue(0) == 2",
  'two-variable comprehensions': '[1, 2].all(i, v, v == i + 1)',
  '`transformList`': '[1, 2].transformList(i, v, v + i) == [1, 3]',
  quantity: "quantity('1Gi').isGreaterThan(quantity('1Mi'))",
  url: "url('https://a.example:80/b').getHost() == 'a.example:80'",
  ip: "ip('127.0.0.1').isLoopback()",
  cidr: "cidr('10.0.0.0/8').containsIP('10.1.2.3')",
  semver: "semver('1.2.3').major() == 1",
  'format (named formats)': "!format.dns1123Label().validate('a').hasValue()",
  'strings: `format`': "'%s %d'.format(['a', 1]) == 'a 1'",
  'strings: `indexOf` counts code points': "'😀x'.indexOf('x') == 1",
  'strings: `replace`': "'aXa'.replace('a', 'b', 1) == 'bXa'",
  'regex `find`': "'abc 12'.find('[0-9]+') == '12'",
  'regex `findAll`': "'1 2'.findAll('[0-9]') == ['1', '2']",
  '`matches` in linear time, RE2 syntax': "'é'.matches('^\\\\pL$') && 'a'.matches('(?P<n>a)')",
  'lists: `isSorted`': '[1, 2].isSorted()',
  'lists: `sum`': '[1, 2].sum() == 3',
  'lists: `min`, `max`': '[1, 2].min() == 1 && [1, 2].max() == 2',
  'lists: `indexOf`': '[1, 2].indexOf(2) == 1',
  'lists: `flatten`, `distinct`, `sort`': '[[2], [1]].flatten().sort() == [1, 2]',
  sets: 'sets.contains([1, 2], [1]) && sets.equivalent([1, 1], [1])',
  '`has` of a null field': "has({'a': null}.a)",
  '`in` of a null value': "'a' in {'a': null}",
  'a key named constructor': "{'constructor': 1}.constructor == 1",
};

function extensionTable(): string {
  const ask = (judge: Judge, expr: string): string => {
    const spec = create(SimpleTestSchema, { expr });
    const verdict = judges[judge]({ name: expr, section: '', spec });
    return verdict === 'agrees' ? 'yes' : 'no';
  };
  const rows = Object.entries(extensions).map(
    ([title, expr]) => `| ${title} | ${ask('cel-js', expr)} | ${ask('cel-es', expr)} | ${ask('ours', expr)} |`,
  );
  return ['| extension | cel-js | cel-es | here |', '|---|---|---|---|', ...rows].join('\n');
}

function functionList(): string {
  const shown = functionTable.overloadList.map((overload) => `\`${signature(overload)}\``);
  return [...new Set(shown)].map((line) => `- ${line}`).join('\n');
}

function refusalTable(): string {
  const rows = refusals.map(
    ({ names, advice }) => `| ${names.map((name) => `\`${name}\``).join(', ')} | ${advice.replaceAll('|', '\\|')} |`,
  );
  return ['| refused | message |', '|---|---|', ...rows].join('\n');
}

function block(name: string): string {
  const page = readFileSync(new URL('../../../docs/expressions.md', import.meta.url), 'utf8');
  return new RegExp(`<!-- ${name} -->\\n(?<body>[^]*?)\\n<!-- end -->`, 'u').exec(page)?.groups?.['body'] ?? '';
}

describe('the cel-spec conformance data', () => {
  test('is the whole suite', () => {
    expect(cases).toHaveLength(2344);
  });

  test('divides into agreeing, refused and deviating cases exactly as checked in', () => {
    const expected = readGolden(golden.conformance);
    expect(isGolden(expected)).toBe(true);
    expect(conformance()).toEqual(expected);
  }, 60_000);

  test('is deviated from only where the reason is known', () => {
    expect(namesOf('ours', 'deviates')).toEqual(Object.keys(knownDeviations).toSorted());
  });
});

/** Accepted, with another result than the data demands. Each has its reason, and none is a value that differs. */
const knownDeviations: Readonly<Record<string, string>> = {
  'namespace/namespace/self_eval_container_lookup': 'the environment has no container, as in Kubernetes',
  'namespace/namespace/self_eval_container_lookup_unchecked': 'the environment has no container, as in Kubernetes',
  'string_ext/value_errors/indexof_out_of_range': "Kubernetes' cel-go 0.26 answers -1, as we do",
  'string_ext/value_errors/lastindexof_out_of_range': "Kubernetes' cel-go 0.26 answers -1, as we do",
};

describe("Kubernetes' own environment", () => {
  const recorded = readGolden(golden.kubernetes);
  if (!isRecording(recorded)) throw new Error('the recording has another shape');
  const variables = new Map([['object', DYN]]);
  const activation = newActivation({ object: recorded.object });
  const ask = (source: string): string => {
    const compiled = compileExpression(source, { variables, result: 'any' });
    if (compiled.kind === 'invalid') return 'refused';
    const result = evaluateToValue(compiled.expression, activation);
    return isCelError(result) ? 'error' : show(result);
  };

  test('answers every recorded value as we do', () => {
    const sources = Object.keys(recorded.values);
    expect(Object.fromEntries(sources.map((source) => [source, ask(source)]))).toEqual(recorded.values);
  });

  test('refuses or fails where we refuse or fail', () => {
    expect(recorded.errors.filter((source) => !['refused', 'error'].includes(ask(source)))).toEqual([]);
  });

  test('has values only for those recorded expressions that we refuse by name', () => {
    expect(recorded.refusedHere.filter((source) => ask(source) !== 'refused')).toEqual([]);
    expect(recorded.errorHere.filter((source) => ask(source) !== 'error')).toEqual([]);
  });
});

interface Recording {
  readonly object: JsonValue;
  readonly values: Readonly<Record<string, string>>;
  readonly errors: readonly string[];
  readonly errorHere: readonly string[];
  readonly refusedHere: readonly string[];
}

function isRecording(value: unknown): value is Recording {
  return typeof value === 'object' && value !== null && 'object' in value && 'values' in value && 'errors' in value;
}

describe('docs/expressions.md', () => {
  test('holds the comparison as it is', () => {
    expect(block('comparison')).toBe(comparisonTable());
  }, 60_000);

  test('says which extensions each library has', () => {
    expect(block('extensions')).toBe(extensionTable());
  });

  test('lists every function', () => {
    expect(block('functions')).toBe(functionList());
  });

  test('lists every refusal', () => {
    expect(block('refusals')).toBe(refusalTable());
  });
});
