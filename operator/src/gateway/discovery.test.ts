import { ApiError, RequestTimeoutError } from '@chaperone/crds/client/api-error';
import type { Call } from '@chaperone/crds/client/connection';
import { beforeEach, describe, expect, test } from 'vitest';
import { newDiscovery } from './discovery.ts';

/** What a server answers, by path; an Error is thrown. */
let answers: Map<string, unknown>;

const connection = {
  async request({ path }: Call): Promise<unknown> {
    const answer = answers.get(path);
    if (answer instanceof Error) throw answer;
    return answer;
  },
};

const list = (...resources: readonly [string, readonly string[]][]): unknown => ({
  kind: 'APIResourceList',
  resources: resources.map(([name, verbs]) => ({ name, namespaced: true, verbs })),
});

const unavailable = new ApiError('GET x', {
  status: 503,
  reason: '',
  message: '',
  causes: [],
  retryAfterSeconds: undefined,
});

const served = async (discovery: ReturnType<typeof newDiscovery>): Promise<string[]> =>
  (await discovery.read(AbortSignal.timeout(1_000))).resources.all.map(
    ({ group, resource, verbs }) => `${group}/${resource}: ${[...verbs].toSorted().join()}`,
  );

beforeEach(() => {
  answers = new Map<string, unknown>([
    ['/api', { versions: ['v1'] }],
    [
      '/apis',
      {
        groups: [
          { name: 'example.com', versions: [{ groupVersion: 'example.com/v1' }, { groupVersion: 'example.com/v2' }] },
        ],
      },
    ],
    ['/api/v1', list(['pods', ['get', 'list']], ['pods/exec', ['create', 'get']])],
    ['/apis/example.com/v1', list(['widgets', ['get']])],
    ['/apis/example.com/v2', list(['widgets', ['delete']], ['gadgets', ['list']])],
  ]);
});

describe('discovery', () => {
  test('joins the versions of a group', async () => {
    expect(await served(newDiscovery(connection))).toEqual([
      '/pods: get,list',
      '/pods/exec: create,get',
      'example.com/gadgets: list',
      'example.com/widgets: delete,get',
    ]);
  });

  test.each([
    { name: 'is unavailable', fault: unavailable },
    { name: 'hangs', fault: new RequestTimeoutError('too long') },
  ])('goes by what was said last where a server $name, and says which', async ({ fault }) => {
    const discovery = newDiscovery(connection);
    const before = await served(discovery);
    answers.set('/apis/example.com/v2', fault);
    expect((await discovery.read(AbortSignal.timeout(1_000))).failed).toEqual(['example.com/v2']);
    expect(await served(discovery)).toEqual(before);
  });

  test('of a server that never answered has nothing, and the rest', async () => {
    answers.set('/apis/example.com/v1', unavailable);
    answers.set('/apis/example.com/v2', unavailable);
    const { resources } = await newDiscovery(connection).read(AbortSignal.timeout(1_000));
    expect(resources.find('', 'pods')).toBeDefined();
    expect(resources.hasGroup('example.com')).toBe(false);
  });

  test('forgets a group that is no longer listed', async () => {
    const discovery = newDiscovery(connection);
    await served(discovery);
    answers.set('/apis', { groups: [] });
    expect(await served(discovery)).toEqual(['/pods: get,list', '/pods/exec: create,get']);
  });

  test('fails where not even the groups can be read', async () => {
    answers.set('/apis', unavailable);
    await expect(newDiscovery(connection).read(AbortSignal.timeout(1_000))).rejects.toBe(unavailable);
  });

  test('makes nothing of answers that are none', async () => {
    answers.set('/apis', { groups: [{ name: 7 }, { name: 'a', versions: [{ groupVersion: 'b/v1' }] }] });
    answers.set('/api/v1', { resources: [{ name: '' }, 'x', { name: 'pods', verbs: 'get' }] });
    expect(await served(newDiscovery(connection))).toEqual(['/pods: ']);
  });
});
