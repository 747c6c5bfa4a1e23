import { connectOptions } from '@chaperone/proxy/request/connect-options';
import { Rejection } from '@chaperone/proxy/request/rejection';
import type { RequestAttributes } from '@chaperone/proxy/request/request-attributes';
import type { Answer } from './oracle.ts';

const NO_OPTIONS = { stdin: false, stdout: false, stderr: false, tty: false, container: '', command: [], ports: [] };

/** What the oracle must say of a request that Chaperone reads so. */
export function expectedAnswer(attributes: RequestAttributes): Answer {
  const { query, longRunning } = attributes;
  const connect = expectedConnect(attributes);
  return {
    requestInfo: {
      isResourceRequest: attributes.isResourceRequest,
      path: attributes.path,
      verb: attributes.verb,
      apiPrefix: attributes.apiPrefix,
      apiGroup: attributes.apiGroup,
      apiVersion: attributes.apiVersion,
      namespace: attributes.namespace,
      resource: attributes.resource,
      subresource: attributes.subresource,
      name: attributes.name,
      parts: attributes.parts,
      fieldSelector: attributes.fieldSelector,
      labelSelector: attributes.labelSelector,
    },
    ...(query.values.size === 0 ? {} : { query: Object.fromEntries(query.values) }),
    longRunning,
    ...(connect === undefined ? {} : { connect }),
  };
}

function expectedConnect(attributes: RequestAttributes): Answer | undefined {
  const options = connectOptions(attributes, attributes.query);
  if (options === undefined) return undefined;
  if (options instanceof Rejection) return { ...NO_OPTIONS, error: true };
  const { subresource: _, ...decoded } = options;
  return { ...NO_OPTIONS, ...decoded };
}

/** The oracle's answer without what nobody compares: the words of an error, and what was decoded before it. */
export function comparable(answer: Answer): Answer {
  const { connect, ...rest } = answer;
  if (typeof connect !== 'object' || connect === null) return rest;
  return 'error' in connect ? { ...rest, connect: { ...connect, ports: [], error: true } } : { ...rest, connect };
}
