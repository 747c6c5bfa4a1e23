import type { JsonMapping, JsonValue } from '@chaperone/crds/expression/value';
import type { Namespace } from '@chaperone/crds/client/kinds';
import type { Lister } from '@chaperone/crds/client/store';
import type { RequestAttributes } from '../request/request-attributes.ts';
import { known, UNKNOWN_OBJECT, type Knowledge } from './policy-input.ts';

type About = Pick<RequestAttributes, 'isResourceRequest' | 'namespace' | 'apiGroup' | 'resource' | 'name'>;

/** The Namespace whose labels count for a call; '' where it is about several or none. */
export function namespaceName({ isResourceRequest, namespace, apiGroup, resource, name }: About): string {
  if (!isResourceRequest || namespace !== '') return namespace;
  return apiGroup === '' && resource === 'namespaces' ? name : '';
}

/** Objects of a watch are shared and frozen, and each is read for many calls. */
const remembered = new WeakMap<object, Knowledge>();

/** What the gateway's own watch knows of the Namespace of a call. One that it has not seen may have been made just now. */
export function namespaceKnowledge(namespaces: Pick<Lister<Namespace>, 'get'>, about: About): Knowledge {
  const name = namespaceName(about);
  const object = name === '' ? undefined : namespaces.get({ name });
  if (object === undefined) return UNKNOWN_OBJECT;
  const before = remembered.get(object);
  if (before !== undefined) return before;
  const found = isMapping(object) ? known(object) : UNKNOWN_OBJECT;
  remembered.set(object, found);
  return found;
}

const isMapping = (value: object): value is JsonMapping => Object.values(value).every(isJson);

function isJson(value: unknown): value is JsonValue | undefined {
  return typeof value === 'object' && value !== null
    ? Object.values(value).every(isJson)
    : value === null || ['string', 'number', 'boolean', 'undefined'].includes(typeof value);
}
