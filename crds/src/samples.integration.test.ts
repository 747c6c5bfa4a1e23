import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import '@chaperone/test/stack/provided-context';
import { isRecord } from './client/kubernetes-object.ts';
import { findingsOf } from './samples/findings.ts';
import { readInvalidSamples, readValidSamples, type InvalidSample } from './samples/read-samples.ts';
import { isClusterScoped, isBuiltinGroup } from './validation/builtin-resources.ts';
import { formatFieldErrors } from './validation/field-error.ts';
import { parseAgentPolicy } from './validation/parse.ts';

const crdsDirectory = path.resolve(import.meta.dirname, '..');
const plurals = ['agentpolicies', 'maskingrules', 'approvalrequests'] as const;
const NAMESPACE = 'crd-samples';

const valid = await readValidSamples();
const invalid = await readInvalidSamples();

let cacheDirectory = '';

interface Answer {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

function kubectl(args: readonly string[], stdin = ''): Promise<Answer> {
  const common = [`--kubeconfig=${inject('adminKubeconfig')}`, `--cache-dir=${cacheDirectory}`];
  return new Promise((resolve) => {
    const child = execFile(
      path.join(inject('binDirectory'), 'kubectl'),
      [...args, ...common],
      { maxBuffer: 16 * 1024 * 1024 },
      (error, stdout, stderr) => {
        resolve({ ok: error === null, stdout, stderr });
      },
    );
    child.stdin?.end(stdin);
  });
}

async function succeed(args: readonly string[], stdin = ''): Promise<string> {
  const { ok, stdout, stderr } = await kubectl(args, stdin);
  if (!ok) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** The text that kubectl reads, with the object's own namespace replaced; deeper ones are part of its content. */
const inTestNamespace = (text: string): string => text.replaceAll(/^  namespace: .*$/gmu, `  namespace: ${NAMESPACE}`);

beforeAll(async () => {
  cacheDirectory = await mkdtemp(path.join(tmpdir(), 'chaperone-kubectl-'));
  for (const plural of plurals) {
    const file = path.join(crdsDirectory, `chaperone.dev_${plural}.yaml`);
    await succeed(['apply', '--server-side', '--force-conflicts', '-f', file]);
    await succeed(['wait', '--for=condition=Established', '--timeout=20s', `crd/${plural}.chaperone.dev`]);
  }
  await succeed(['create', 'namespace', NAMESPACE]);
});

afterAll(async () => {
  await kubectl(['delete', 'agp', 'sample-merged', '--ignore-not-found', '--wait=false']);
  await kubectl(['delete', 'namespace', NAMESPACE, '--wait=false']);
  await rm(cacheDirectory, { recursive: true, force: true });
});

describe('CustomResourceDefinitions', () => {
  it.each(plurals)('%s is structural and its names are accepted', async (plural) => {
    const output = await succeed(['get', 'crd', `${plural}.chaperone.dev`, '-o', 'json']);
    const crd: unknown = JSON.parse(output);
    const conditions = isRecord(crd) && isRecord(crd['status']) ? crd['status']['conditions'] : undefined;
    const statuses = Array.isArray(conditions)
      ? conditions.filter(isRecord).map(({ type, status }) => `${String(type)}=${String(status)}`)
      : [];
    // A NonStructuralSchema condition would be here.
    expect(statuses.toSorted()).toEqual(['Established=True', 'NamesAccepted=True']);
  });

  it.each([
    'agentpolicy.spec',
    'agentpolicy.spec.rules',
    'agentpolicy.spec.rules.approval',
    'maskingrule.spec',
    'approvalrequest.spec',
    'approvalrequest.status',
  ])('kubectl explain %s reads well', async (field) => {
    // The API server publishes the schema some time after the kind is established.
    const output = await vi.waitFor(() => succeed(['explain', field]), { timeout: 20_000, interval: 500 });
    await expect(output).toMatchFileSnapshot(
      path.join(crdsDirectory, 'golden', `explain-${field.replaceAll('.', '-')}.txt`),
    );
  });
});

describe('valid samples', () => {
  it.each(valid.map((sample) => [sample.name, sample] as const))('%s is accepted', async (_name, { text }) => {
    expect(await kubectl(['create', '--dry-run=server', '-f', '-'], inTestNamespace(text))).toMatchObject({ ok: true });
  });

  it('are what validation makes of them: the same defaults', async () => {
    const sample = valid.find(({ name }) => name === 'agentpolicy-break-glass-dry-run');
    const stored: unknown = JSON.parse(
      await succeed(['create', '--dry-run=server', '-o', 'json', '-f', '-'], sample?.text ?? ''),
    );
    const parsed = parseAgentPolicy(sample?.documents[0]);
    expect(parsed).toMatchObject({ kind: 'parsed', object: { spec: isRecord(stored) ? stored['spec'] : undefined } });
  });
});

describe('invalid samples', () => {
  const alone = (by: readonly string[]): (readonly [string, InvalidSample])[] =>
    invalid
      .filter((sample) => by.includes(sample.by) && sample.documents.length === 1)
      .map((sample) => [sample.name, sample] as const);

  it.each(alone(['schema', 'cel']))('%s is refused with its message', async (_name, { text, expect: message }) => {
    const answer = await kubectl(['create', '--dry-run=server', '-f', '-'], inTestNamespace(text));
    expect(answer.ok).toBe(false);
    expect(answer.stderr).toContain(message);
  });

  it.each(alone(['condition']))('%s is accepted, and found by validation', async (_name, sample) => {
    const answer = await kubectl(['create', '--dry-run=server', '-f', '-'], inTestNamespace(sample.text));
    expect(answer).toMatchObject({ ok: true });
    expect(formatFieldErrors(sample.documents.flatMap(findingsOf))).toContain(sample.expect);
  });

  const changes = invalid
    .filter(({ documents }) => documents.length === 2)
    .map((sample) => [sample.name, sample] as const);

  it.each(changes)('%s is refused with its message once stored', async (_name, { text, expect: message }) => {
    const [before = '', after = ''] = inTestNamespace(text).split('\n---\n');
    await succeed(['create', '-f', '-'], before);
    await succeed(['replace', '--subresource=status', '-f', '-'], before);
    const answers = [
      await kubectl(['replace', '-f', '-'], after),
      await kubectl(['replace', '--subresource=status', '-f', '-'], after),
    ];
    // Each of the two endpoints ignores the other's part, so exactly one of them has something to refuse.
    const refusals = answers.filter(({ ok }) => !ok).map(({ stderr }) => stderr);
    expect(refusals).toHaveLength(1);
    expect(refusals[0]).toContain(message);
  });
});

describe('a policy', () => {
  const names = (prefix: string, count: number): string[] =>
    Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

  it('at its bounds stays within the cost that an API server grants', async () => {
    const rule = {
      action: 'RequireApproval',
      verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'],
      apiGroups: names('group.example.com', 32),
      resources: names('resources', 64).map((resource) => `${resource}/status`),
      resourceNames: names('object', 128),
      namespaces: names('namespace', 128),
      objectSelector: { matchExpressions: [{ key: 'tier', operator: 'In', values: ['a', 'b'] }] },
      approval: { reviewers: names('group', 32).map((name) => ({ kind: 'Group', name })), required: 16 },
    };
    const policy = {
      apiVersion: 'chaperone.dev/v1alpha1',
      kind: 'AgentPolicy',
      metadata: { name: 'at-its-bounds' },
      spec: {
        subjects: names('subject', 128).map((name) => ({ kind: 'Group', name })),
        rules: names('rule', 128).map((name) => ({ name, ...rule })),
      },
    };
    const answer = await kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify(policy));
    expect(answer).toMatchObject({ ok: true });
    expect(formatFieldErrors(findingsOf(policy))).toBe('');
  });

  it('is merged by rule name when two managers apply their own rules', async () => {
    const rule = (name: string): object => ({
      name,
      action: 'Deny',
      verbs: ['delete'],
      apiGroups: [''],
      resources: ['pods'],
    });
    const policy = (name: string): string =>
      JSON.stringify({
        apiVersion: 'chaperone.dev/v1alpha1',
        kind: 'AgentPolicy',
        metadata: { name: 'sample-merged' },
        spec: { subjects: [{ kind: 'Group', name: 'agents' }], rules: [rule(name)] },
      });
    for (const name of ['one', 'two']) {
      await succeed(['apply', '--server-side', `--field-manager=${name}`, '-f', '-'], policy(name));
    }
    const merged = await succeed([
      'get',
      'agp',
      'sample-merged',
      '-o',
      'jsonpath={.spec.rules[*].name} {.spec.subjects[*].name}',
    ]);
    await succeed(['delete', 'agp', 'sample-merged']);
    expect(merged).toBe('one two agents');
  });
});

describe('approval requests', () => {
  beforeAll(async () => {
    const exec = valid.find(({ name }) => name === 'approvalrequest-exec');
    await succeed(['create', '-f', '-'], inTestNamespace(exec?.text ?? ''));
  });

  it('keep the decision that one merge patch adds', async () => {
    const target = ['apr', '-n', NAMESPACE, 'create-pods-exec-db-0-q8w2e'];
    for (const reviewer of ['dana@example.com', 'eli@example.com']) {
      const patch = { status: { decisions: { [reviewer]: { verdict: 'Approved', reason: 'INC-42' } } } };
      await succeed(['patch', ...target, '--subresource=status', '--type=merge', '-p', JSON.stringify(patch)]);
    }
    const decisions: unknown = JSON.parse(await succeed(['get', ...target, '-o', 'jsonpath={.status.decisions}']));
    expect(decisions).toEqual({
      'dana@example.com': { verdict: 'Approved', reason: 'INC-42' },
      'eli@example.com': { verdict: 'Approved', reason: 'INC-42' },
    });
  });

  it('are found by their fields', async () => {
    const byRequester = ['get', 'apr', '-n', NAMESPACE, '-o', 'name', '--field-selector'];
    expect(await succeed([...byRequester, 'spec.requester.username=chaperone:sa:ci:runner'])).toBe(
      'approvalrequest.chaperone.dev/create-pods-exec-db-0-q8w2e\n',
    );
  });
});

describe('built-in resources', () => {
  it.each([true, false])('are as the API server has them (namespaced %s)', async (namespaced) => {
    const output = await succeed(['api-resources', '-o', 'name', `--namespaced=${namespaced}`]);
    const found = output
      .trim()
      .split('\n')
      .map((name) => {
        const [resource = '', ...group] = name.split('.');
        return { resource, apiGroup: group.join('.') };
      })
      .filter(({ apiGroup }) => isBuiltinGroup(apiGroup));
    expect(found.length).toBeGreaterThan(10);
    expect(found.filter(({ apiGroup, resource }) => isClusterScoped(apiGroup, resource) !== !namespaced)).toEqual([]);
  });
});
