import { readFileSync } from 'node:fs';
import { isRecord } from '@chaperone/crds/client/kubernetes-object';
import { parseAgentPolicy } from '@chaperone/crds/validation/parse';
import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import { newApiResources } from './api-resources.ts';
import type { RbacRule, Rights } from './rights-builder.ts';
import { DEFAULT_NARROW_AFTER_MS } from './rights-reconciler.ts';
import { deriveRights } from './rights.ts';
import { MAX_CLUSTER_ROLES, MAX_ROLE_BREADTH, MAX_ROLE_BYTES } from './roles.ts';

/** What docs/derived-rights.md says, held against the code. */

const DOCUMENT = readFileSync(new URL('../../../docs/derived-rights.md', import.meta.url), 'utf8');

/** What stands between `<!-- name -->` and the next comment. */
function section(name: string): string {
  const found = new RegExp(`<!-- ${name} -->([^]*?)<!-- end -->`).exec(DOCUMENT)?.[1];
  expect(found, name).toBeDefined();
  return (found ?? '').trim();
}

/** Cells of the rows of a Markdown table, without its heading. */
const rowsOf = (name: string): readonly (readonly string[])[] =>
  section(name)
    .split('\n')
    .slice(2)
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );

const ALL = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const served = (group: string, resource: string, verbs = ALL, namespaced = true) => ({
  group,
  resource,
  namespaced,
  verbs: new Set(verbs),
});

const api = newApiResources([
  served('', 'namespaces', ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'], false),
  served('', 'pods'),
  served('', 'pods/eviction', ['create']),
  served('', 'pods/exec', ['create', 'get']),
  served('', 'secrets'),
  served('', 'services'),
  served('', 'services/proxy', ['create', 'delete', 'get', 'patch', 'update']),
  served('apps', 'deployments'),
]);

function rightsOf(rules: readonly unknown[]): Rights {
  const spec = {
    mode: 'Enforce',
    subjects: [{ kind: 'Group', name: 'agents' }],
    rules: rules.map((rule, index) => ({ name: `r${index}`, action: 'Allow', ...(isRecord(rule) ? rule : {}) })),
  };
  const meta = { apiVersion: 'chaperone.dev/v1alpha1', kind: 'AgentPolicy', metadata: { name: 'p' } };
  const parsed = parseAgentPolicy({ ...meta, spec });
  if (parsed.kind === 'invalid') throw new Error(JSON.stringify(parsed.errors));
  return deriveRights({
    policies: [{ name: 'p', uid: 'u', generation: 1, spec: parsed.object.spec }],
    api,
    namespaces: [],
    now: 0,
    nativeNamespaces: [],
    allowSelfAdministration: false,
  });
}
const always = deriveRights({
  policies: [],
  api,
  namespaces: [],
  now: 0,
  nativeNamespaces: [],
  allowSelfAdministration: false,
});

const MODE = 'impersonate-on:user-info:';

/** `create pods/exec`, `get deployments [web]`, one text for each rule of RBAC. */
function words({ verbs, resources = [], nonResourceURLs = [], resourceNames = [] }: RbacRule): string {
  const names = resourceNames.length === 0 ? '' : ` [${resourceNames.join(', ')}]`;
  return `${verbs.map((verb) => verb.replace(MODE, '')).join(', ')} ${[...resources, ...nonResourceURLs].join(', ')}${names}`;
}

function added({ cluster, namespaces }: Rights): string {
  const known = new Set(always.cluster.map(words));
  return [
    ...cluster.map(words).filter((line) => !known.has(line)),
    ...[...namespaces].flatMap(([namespace, rules]) => rules.map((rule) => `in ${namespace}: ${words(rule)}`)),
  ]
    .map((line) => `\`${line}\``)
    .join('; ');
}

const unquoted = (cell = ''): string => cell.replaceAll('`', '');

describe('the document of the derived rights', () => {
  test.each(rowsOf('rules'))('tells what is wider because %s', (_, rule, rights) => {
    const { cluster } = rightsOf([parse(unquoted(rule))]);
    expect(cluster.length).toBeGreaterThan(0);
    expect(rights).toBe(added(rightsOf([parse(unquoted(rule))])));
  });

  test('names what is always given', () => {
    expect(section('always').split('\n')).toEqual(always.cluster.map((rule) => `- \`${words(rule)}\``));
    expect(always.namespaces.size).toBe(0);
  });

  test('names the bounds', () => {
    expect(rowsOf('bounds').map(([, value]) => value)).toEqual([
      `${MAX_CLUSTER_ROLES}`,
      '1',
      `${MAX_ROLE_BYTES / 2 ** 20} MiB`,
      MAX_ROLE_BREADTH.toLocaleString('en'),
    ]);
    expect(section('narrow')).toBe(`${DEFAULT_NARROW_AFTER_MS / 60_000} minutes`);
  });
});
