import type { Caller, Installation } from '../admission/installed-chart.ts';

/** A kind of object, or a part of one, as discovery lists it. */
export interface ServedResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const listOf = (value: unknown, key: string): readonly unknown[] => {
  const list = isRecord(value) ? value[key] : undefined;
  return Array.isArray(list) ? list : [];
};

const textOf = (value: unknown, key: string): string => {
  const text = isRecord(value) ? value[key] : undefined;
  return typeof text === 'string' ? text : '';
};

/** Everything that the API server serves, by discovery: nothing is left out because a test has not thought of it. */
export async function servedResources({ kubectl, admin }: Installation): Promise<readonly ServedResource[]> {
  const get = async (path: string): Promise<unknown> => {
    const { stdout } = await kubectl(admin, ['get', `--raw=${path}`]);
    return JSON.parse(stdout);
  };
  const groups = listOf(await get('/apis'), 'groups').map((group) => {
    const preferred = isRecord(group) ? group['preferredVersion'] : undefined;
    const version = textOf(preferred, 'version');
    return { group: textOf(group, 'name'), version, path: `/apis/${textOf(group, 'name')}/${version}` };
  });
  const lists = await Promise.all(
    [{ group: '', version: 'v1', path: '/api/v1' }, ...groups].map(async ({ group, version, path }) =>
      listOf(await get(path), 'resources').map((served) => {
        const [resource = '', subresource = ''] = textOf(served, 'name').split('/');
        const namespaced = isRecord(served) && served['namespaced'] === true;
        return { group, version, resource, subresource, namespaced, verbs: listOf(served, 'verbs').map(String) };
      }),
    ),
  );
  return lists.flat();
}

/**
 * All that a ServiceAccount may do by itself on objects of any name in a namespace (or on cluster-scoped objects), as
 * lines like `get,list pods/status` with the group where it has one. What it may do on objects of certain names only is
 * not among it.
 */
export async function accessOf(chart: Installation, caller: Caller, namespace: string): Promise<readonly string[]> {
  const resources = await servedResources(chart);
  const lines: string[] = [];
  const waiting = [...resources];
  const work = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const { group, resource, subresource } = one;
      const allowed: string[] = [];
      // Those that are served, and those by which RBAC guards itself, tokens and impersonation.
      for (const verb of new Set([...one.verbs, 'create', 'bind', 'escalate', 'impersonate'])) {
        const resourceAttributes = { namespace, verb, group, resource, subresource };
        if (await mayDo(chart, caller, { resourceAttributes })) allowed.push(verb);
      }
      const name = [resource, subresource].filter((part) => part !== '').join('/');
      if (allowed.length > 0) lines.push(`${allowed.sort().join(',')} ${name}${group === '' ? '' : `.${group}`}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return lines.sort();
}

/** Asks the API server what the caller may do. */
export async function mayDo(chart: Installation, caller: Caller, spec: object): Promise<boolean> {
  const { code, stdout, stderr } = await chart.call(caller, {
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec },
  });
  if (code !== 0) throw new Error(`SelfSubjectAccessReview: ${stderr}`);
  const review: unknown = JSON.parse(stdout);
  const status = isRecord(review) ? review['status'] : undefined;
  return isRecord(status) && status['allowed'] === true;
}
