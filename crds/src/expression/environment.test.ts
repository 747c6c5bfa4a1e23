import { describe, expect, test } from 'vitest';
import { evaluate, type Outcome } from './environment.ts';
import { compile, policyActivation, type PolicyVariables } from './policy.ts';

const variables: PolicyVariables = {
  request: {
    verb: 'delete',
    apiGroup: 'apps',
    resource: 'deployments',
    subresource: '',
    namespace: 'payments',
    name: 'web',
    path: '/apis/apps/v1/namespaces/payments/deployments/web',
    dryRun: false,
    options: { propagationPolicy: 'Foreground' },
    command: ['sh', '-c', 'ls'],
  },
  user: {
    username: 'agent@example.com',
    uid: '7',
    groups: ['agents', 'oncall'],
    extra: { 'chaperone.dev/ref': ['refs/heads/main'] },
  },
  object: {
    metadata: { name: 'web', labels: { tier: 'prod', empty: '' }, deletionTimestamp: null },
    spec: {
      replicas: 3,
      ratio: 1.5,
      huge: 9_007_199_254_740_993n,
      lossy: 2 ** 60,
      containers: [
        { name: 'a', image: 'registry.example/a:1' },
        { name: 'b', image: 'registry.example/b:2' },
      ],
    },
  },
  oldObject: null,
};

function outcomeOf(source: string, values: PolicyVariables = variables): Outcome {
  const result = compile(source);
  if (result.kind === 'invalid')
    throw new Error(`${source}: ${result.findings.map(({ message }) => message).join('; ')}`);
  return evaluate(result.expression, policyActivation(values));
}

describe('an expression is true', () => {
  const cases: Readonly<Record<string, string>> = {
    'for the judged verb': "request.verb == 'delete'",
    'for a group of the caller': "'oncall' in user.groups",
    'for an extra by its key': "'refs/heads/main' in user.extra['chaperone.dev/ref']",
    'when an option is not given': '!has(request.options.gracePeriodSeconds)',
    'when an option is given': "request.options.propagationPolicy == 'Foreground'",
    'when an attribute of the call is empty': '!has(request.subresource)',
    'when an attribute of the call is not empty': 'has(request.namespace) && has(request.command)',
    'for an argument of an exec': "request.command.exists(argument, argument == 'ls')",
    'for an integer of the object, which is an int': 'object.spec.replicas == 3 && type(object.spec.replicas) == int',
    'for a fraction of the object, which is a double': 'object.spec.ratio == 1.5 && type(object.spec.ratio) == double',
    'for an integer that a double cannot hold': 'object.spec.huge == 9007199254740993',
    'for numbers compared across types': 'object.spec.replicas < 3.5 && dyn(3) == dyn(3.0)',
    'for all elements of a list': "object.spec.containers.all(c, c.image.startsWith('registry.example/'))",
    'for a mapped and filtered list':
      "object.spec.containers.filter(c, c.name != 'a').map(c, c.image) == ['registry.example/b:2']",
    'for exactly one element': "object.spec.containers.exists_one(c, c.name == 'a')",
    'for keys of a map': "object.metadata.labels.exists(key, key == 'tier')",
    'for a null field, which is there':
      'has(object.metadata.deletionTimestamp) && object.metadata.deletionTimestamp == null',
    'for an old object that is null': 'oldObject == null',
    'when the left side decides before an error': 'true || object.missing == 1',
    'when the right side decides over an error': 'object.missing == 1 || true',
    'when some element decides over an error': "object.spec.containers.exists(c, c.missing == 1 || c.name == 'b')",
    'for a pattern that matches anywhere': "request.path.matches('/namespaces/[a-z]+/')",
    'for moments': "timestamp('2026-01-01T00:00:00Z') + duration('1h') > timestamp('2026-01-01T00:30:00Z')",
    'for a variable of a loop that hides one of the call': "['a'].all(request, request == 'a')",
    'for a term over several lines with comments': "request.verb == 'delete' // really\n && true",
  };
  test.each(Object.entries(cases))('%s', (_, source) => {
    expect(outcomeOf(source)).toEqual({ kind: 'value', value: true });
  });
});

describe('an expression has no value', () => {
  const cases: Readonly<Record<string, readonly [source: string, reason: string]>> = {
    'for a key that is missing': ['object.metadata.annotations == {}', 'NoSuchKey'],
    'for an extra that is missing': ["'x' in user.extra['chaperone.dev/model']", 'NoSuchKey'],
    'for has() below a missing field': ['has(object.status.phase)', 'NoSuchKey'],
    'for an index beyond the list': ["user.groups[2] == 'x'", 'IndexOutOfRange'],
    'for an overflow': ['object.spec.replicas + 9223372036854775807 > 0', 'Overflow'],
    'for the negative of the smallest int': ['-(object.spec.replicas * -3074457345618258602 - 2) > 0', 'Overflow'],
    'for a division by zero': ['object.spec.replicas / 0 == 1', 'DivisionByZero'],
    'for a remainder by zero': ['object.spec.replicas % 0 == 1', 'DivisionByZero'],
    'for operands of other types': ["object.spec.replicas + 'x' == 'y'", 'NoSuchOverload'],
    'for a condition that is no bool': ['object.metadata.name && true', 'NoSuchOverload'],
    'for a text that is no int': ['int(object.metadata.name) == 1', 'InvalidArgument'],
    'for a pattern of the object that is invalid': [
      "request.path.matches(object.metadata.name + '(')",
      'InvalidArgument',
    ],
    'for an integer that lost digits when it was decoded': [
      'object.spec.lossy == 1152921504606846976',
      'InvalidArgument',
    ],
    'for an error that the other side does not decide over': ['object.missing == 1 && true', 'NoSuchKey'],
    'for a loop over what is no collection': ['object.spec.replicas.all(x, true)', 'NoSuchOverload'],
  };
  test.each(Object.entries(cases))('%s', (_, [source, reason]) => {
    expect(outcomeOf(source)).toMatchObject({ kind: 'error', reason });
  });
});

describe('an object that is not known', () => {
  const { object: _, oldObject: __, ...callOnly } = variables;

  test('leaves an expression that needs it unknown, and says which', () => {
    expect(outcomeOf("object.spec.replicas == 3 && request.verb == 'delete'", callOnly)).toEqual({
      kind: 'unknown',
      variables: ['object'],
    });
  });

  test('leaves has(), comparison, loops and indexing unknown', () => {
    for (const source of [
      'has(object.spec)',
      'object == null',
      'object.all(x, true)',
      "object['spec'] == 1",
      'type(object) == map',
    ]) {
      expect(outcomeOf(source, callOnly), source).toMatchObject({ kind: 'unknown' });
    }
  });

  test('does not matter where the other side decides, on either side', () => {
    expect(outcomeOf('false && object.x == 1', callOnly)).toEqual({ kind: 'value', value: false });
    expect(outcomeOf('object.x == 1 && false', callOnly)).toEqual({ kind: 'value', value: false });
    expect(outcomeOf('object.x == 1 || true', callOnly)).toEqual({ kind: 'value', value: true });
    expect(outcomeOf("request.verb == 'get' ? object.x == 1 : true", callOnly)).toEqual({ kind: 'value', value: true });
  });

  test('is told from an error on the other side', () => {
    expect(outcomeOf("user.extra['x'] == [] && oldObject.x == 1", callOnly)).toEqual({
      kind: 'unknown',
      variables: ['oldObject'],
    });
  });
});

describe('the variables that an expression references', () => {
  const cases: Readonly<Record<string, readonly [source: string, references: readonly string[]]>> = {
    'are those it names': ["request.verb == 'get' && object.a == oldObject.a", ['request', 'object', 'oldObject']],
    'count where they would not be reached': ['false && namespaceObject.a == 1', ['namespaceObject']],
    'are none for a constant': ['1 < 2', []],
    'leave out a variable of a loop of the same name': ["['a'].all(object, object == 'a')", []],
    'count inside loops': ['user.groups.all(g, g in object.groups)', ['user', 'object']],
  };
  test.each(Object.entries(cases))('%s', (_, [source, references]) => {
    const result = compile(source);
    expect(result.kind === 'compiled' ? [...result.expression.references] : result).toEqual(references);
  });
});

describe('an expression is refused', () => {
  const cases: Readonly<Record<string, readonly [source: string, message: string, line: number, column: number]>> = {
    'for an unknown variable': ["usr.name == ''", "unknown variable 'usr'", 1, 1],
    'for an unknown field of request': [
      "true && request.verbs == ''",
      "request has no field 'verbs'; its fields are verb",
      1,
      16,
    ],
    'for an unknown field of user': ['has(user.name)', "user has no field 'name'", 1, 1],
    'for request as a value': ['request == object', 'request is not a value; name one of its fields', 1, 1],
    'for user in a list': ['[user].size() == 1', 'user is not a value', 1, 2],
    'for an operator without such an overload': ['request.verb == 1', '_==_ is not defined for (string, int)', 1, 14],
    'for a function without such an overload': [
      'request.verb.startsWith(1)',
      'startsWith is not defined for (string, int)',
      1,
      13,
    ],
    'for a wrong number of arguments': ['request.verb.contains()', 'string.contains(string) -> bool', 1, 13],
    'for an unknown function': ['request.verb.shout() == 1', "unknown function 'shout'", 1, 13],
    'for a result that is no bool': ['request.verb', 'must be bool, but is string', 1, 1],
    'for a result that is dyn': ['object.spec.paused', 'must be bool, but is dyn; compare it', 1, 1],
    'for a syntax error, with its line': ["request.verb == 'a' &&\n  && true", 'syntax error', 1, 21],
    'for the second line of a term': ['true &&\n  bogus', "unknown variable 'bogus'", 2, 3],
    'for a list of several types': [
      "[1, 'a'] == []",
      'elements of a list must have one type, found int and string',
      1,
      5,
    ],
    'for a list that mixes known and unknown types': [
      '[1, object.a] == []',
      'elements of a list must have one type',
      1,
      11,
    ],
    'for a key named twice': ["{'a': 1, 'a': 2} == {}", 'a map literal names a key twice', 1, 1],
    'for an integer beyond 64 bits': ['9223372036854775808 > 0', 'the integer does not fit into 64 bits', 1, 1],
    'for an escape that CEL does not have': [
      "request.path.matches('\\d+')",
      '\\d is not an escape; write \\\\ for a backslash',
      1,
      23,
    ],
    'for a pattern that RE2 refuses': ["request.path.matches('(?=a)')", 'not a valid RE2 pattern', 1, 22],
    'for a pattern that grows too large': ["request.path.matches('(abcdefghij){1000}')", 'instructions', 1, 22],
    'for a day that does not exist': ["timestamp('2026-02-30T00:00:00Z') == null", 'not an RFC 3339 timestamp', 1, 11],
    'for a text that is no duration': ["duration('1d') > duration('1h')", 'not a duration', 1, 10],
    'for has() of what is no field': ['has(object)', 'has() takes the selection of a field', 1, 1],
    'for a loop with two variables': ['user.groups.all(i, v, true)', 'two variables are not supported', 1, 12],
    'for an optional selection': ["object.?spec.orValue('') == ''", 'optional values are not supported', 1, 7],
    'for an optional index': ['object[?0].hasValue()', 'optional values are not supported', 1, 7],
    'for optional.of': ['optional.of(1).hasValue()', 'optional values are not supported', 1, 15],
    'for a quantity': ["quantity('1Gi').isGreaterThan(quantity('1Mi'))", 'quantities are not supported', 1, 16],
    'for a URL': ["isURL('https://a')", 'URLs are not supported', 1, 1],
    'for an IP address': ["ip('1.2.3.4') == null", 'IP addresses are not supported', 1, 1],
    'for a CIDR': ["cidr('10.0.0.0/8') == null", 'IP addresses are not supported', 1, 1],
    'for the authorizer': [
      "authorizer.group('').resource('pods').check('get').allowed()",
      'the authorizer is not offered',
      1,
      51,
    ],
    'for a uint': ['1u == 1u', 'uint is not supported', 1, 1],
    'for bytes': ["b'a' == b'a'", 'bytes are not supported', 1, 1],
    'for a message': ['google.protobuf.Timestamp{} == null', 'there is no message type', 1, 1],
    'for a time zone': [
      "timestamp('2026-01-01T00:00:00Z').getHours('Europe/Berlin') == 1",
      'getHours is not a method',
      1,
      34,
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [source, message, line, column]) => {
    const result = compile(source);
    if (result.kind === 'compiled') throw new Error(`accepted ${source}`);
    const [first] = result.findings;
    expect(first?.message).toContain(message);
    expect([first?.line, first?.column]).toEqual([line, column]);
  });

  test('with every finding, not only the first', () => {
    const result = compile('a == 1 && request.b == 2');
    expect(result.kind === 'invalid' ? result.findings.map(({ column }) => column) : []).toEqual([1, 18]);
  });
});
