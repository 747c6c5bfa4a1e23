import { describe, expect, test } from 'vitest';
import type { BundleMaskingRule } from '@chaperone/crds/bundle/bundle';
import { decodeJson } from '@chaperone/proxy/masking/codec/json-document';
import { callTo, maskingOfRules, maskJson, ruleFor } from '@chaperone/test/masking/rules';
import { LAST_APPLIED } from './always-on.ts';

const SEED = 'zebra-velvet-4711';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

interface Column {
  readonly name: string;
  readonly type?: string;
  readonly format?: string;
}
const NAME: Column = { name: 'Name', type: 'string', format: 'name' };
const columnsOf = (...names: readonly string[]): readonly Column[] => [NAME, ...names.map((name) => ({ name }))];
const table = (columns: readonly Column[], ...rows: readonly object[]): object => ({
  kind: 'Table',
  apiVersion: 'meta.k8s.io/v1',
  columnDefinitions: columns,
  rows,
});
const widgets = ruleFor('hide', 'example.com/widgets', { fields: ['spec.code'] });
const env = ruleFor('env', 'pods', { fields: ['spec.containers[*].env[*].value'] });

interface Case {
  readonly resource: string;
  readonly rules?: readonly BundleMaskingRule[];
  readonly body: object;
  readonly want: object;
}

describe('of a Table, it', () => {
  const cases: Record<string, Case> = {
    'keeps what is printed of a Secret': {
      resource: 'secrets',
      body: table(columnsOf('Type', 'Data', 'Age'), { cells: ['db', 'Opaque', 2, '5d3h'] }),
      want: table(columnsOf('Type', 'Data', 'Age'), { cells: ['db', 'Opaque', 2, '5d3h'] }),
    },
    'masks the whole object of a row': {
      resource: 'secrets',
      body: table(columnsOf(), { cells: ['db'], object: { kind: 'Secret', data: { a: base64(SEED) } } }),
      want: table(columnsOf(), { cells: ['db'], object: { kind: 'Secret', data: { a: '[MASKED:secret]' } } }),
    },
    'masks the copy of the object in its metadata': {
      resource: 'secrets',
      body: table(columnsOf(), {
        cells: ['db'],
        object: {
          kind: 'PartialObjectMetadata',
          metadata: { annotations: { [LAST_APPLIED]: JSON.stringify({ data: { a: base64(SEED) } }) } },
        },
      }),
      want: table(columnsOf(), {
        cells: ['db'],
        object: {
          kind: 'PartialObjectMetadata',
          metadata: { annotations: { [LAST_APPLIED]: JSON.stringify({ data: { a: '[MASKED:secret]' } }) } },
        },
      }),
    },
    'masks what may show a field of a custom resource, numbers too, but name and age': {
      resource: 'example.com/widgets',
      rules: [widgets],
      body: table(columnsOf('Code', 'Count', 'Age'), { cells: ['w', SEED, 7, '10s'] }),
      want: table(columnsOf('Code', 'Count', 'Age'), { cells: ['w', '[MASKED:hide]', '[MASKED:hide]', '10s'] }),
    },
    'masks an age that is none': {
      resource: 'example.com/widgets',
      rules: [widgets],
      body: table(columnsOf('Age'), { cells: ['w', SEED] }),
      want: table(columnsOf('Age'), { cells: ['w', '[MASKED:hide]'] }),
    },
    'masks every cell where nobody says what the columns are': {
      resource: 'example.com/widgets',
      rules: [widgets],
      body: { kind: 'Table', rows: [{ cells: ['w', SEED] }] },
      want: { kind: 'Table', rows: [{ cells: ['[MASKED:hide]', '[MASKED:hide]'] }] },
    },
    'keeps columns of built-in resources that show other fields': {
      resource: 'pods',
      rules: [env],
      body: table(columnsOf('Ready', 'Status', 'Restarts', 'Age', 'IP', 'Node'), {
        cells: ['p', '1/1', 'Running', '0', '5m', '10.0.0.7', 'node-1'],
      }),
      want: table(columnsOf('Ready', 'Status', 'Restarts', 'Age', 'IP', 'Node'), {
        cells: ['p', '1/1', 'Running', '0', '5m', '10.0.0.7', 'node-1'],
      }),
    },
    'masks columns of built-in resources that show a field of the rule, or one above or below it': {
      resource: 'apps/deployments',
      rules: [
        ruleFor('images', 'apps/deployments', { fields: ['spec.template.spec.containers[*].image', 'spec.selector'] }),
      ],
      body: table(columnsOf('Ready', 'Containers', 'Images', 'Selector'), { cells: ['d', '1/1', 'app', 'x:1', 'a=b'] }),
      want: table(columnsOf('Ready', 'Containers', 'Images', 'Selector'), {
        cells: ['d', '1/1', 'app', '[MASKED:images]', '[MASKED:images]'],
      }),
    },
    'masks a cell that shows a value of its row, whole or in part': {
      resource: 'pods',
      rules: [env],
      body: table(columnsOf('Status', 'Node'), {
        cells: ['p', 'ab', `failed: ${SEED}!`],
        object: { kind: 'Pod', spec: { containers: [{ env: [{ value: 'ab' }, { value: SEED }] }] } },
      }),
      want: table(columnsOf('Status', 'Node'), {
        cells: ['p', '[MASKED:env]', 'failed: [MASKED:known-value]!'],
        object: {
          kind: 'Pod',
          spec: { containers: [{ env: [{ value: '[MASKED:env]' }, { value: '[MASKED:env]' }] }] },
        },
      }),
    },
    'masks the message of an event about a Secret': {
      resource: 'events',
      body: table(
        columnsOf('Object', 'Message'),
        { cells: ['e', 'secret/db', SEED] },
        { cells: ['e', 'pod/p', 'Pulled'] },
      ),
      want: table(
        columnsOf('Object', 'Message'),
        { cells: ['e', 'secret/db', '[MASKED:secret-event]'] },
        { cells: ['e', 'pod/p', 'Pulled'] },
      ),
    },
    'takes a Secret that is called a Table for what it may be': {
      resource: 'secrets',
      body: { kind: 'Table', data: { a: SEED } },
      want: { kind: 'Table', data: { a: '[MASKED:secret]' } },
    },
  };
  test.each(Object.entries(cases))('%s', (_sentence, { resource, rules = [], body, want }) => {
    const { audit } = maskingOfRules(...rules).maskingOf(callTo(resource));
    const masked = maskJson(audit, body);
    expect(masked.json).toEqual(want);
    expect(maskJson(audit, masked.json).text).toBe(masked.text);
  });
});

test('a row that comes alone is masked by the columns that came before it', () => {
  const { response } = maskingOfRules(widgets).maskingOf(callTo('example.com/widgets'));
  const columns = decodeJson(Buffer.from(JSON.stringify(columnsOf('Code', 'Age')))).root;
  const row = { cells: ['w', SEED, '3d'] };
  expect(response && maskJson(response, row, { kind: 'row', columns }).json).toEqual({
    cells: ['w', '[MASKED:hide]', '3d'],
  });
  expect(response && maskJson(response, row, { kind: 'row', columns: undefined }).json).toEqual({
    cells: ['[MASKED:hide]', '[MASKED:hide]', '[MASKED:hide]'],
  });
});
