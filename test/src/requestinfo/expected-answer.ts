import { connectOptions } from '@chaperone/proxy/request/connect-options';
import { decodeListOptions } from '@chaperone/proxy/request/list-options';
import type { LabelOperator } from '@chaperone/proxy/request/label-selector';
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
    listOptions: expectedListOptions(attributes),
    ...(connect === undefined ? {} : { connect }),
  };
}

/** As Go names the operators. */
const LABEL_OPERATORS: Partial<Record<LabelOperator, string>> = { '>': 'gt', '<': 'lt' };

function expectedListOptions({ query }: RequestAttributes): unknown {
  const options = decodeListOptions(query);
  if (options === undefined) return 'Undecodable';
  return {
    ...options,
    labelSelector: inAnyOrder(
      options.labelSelector.map(({ key, operator, values }) => ({
        key,
        operator: LABEL_OPERATORS[operator] ?? operator,
        values,
      })),
    ),
    timeoutSeconds: options.timeoutSeconds === undefined ? null : String(options.timeoutSeconds),
    limit: String(options.limit),
    sendInitialEvents: options.sendInitialEvents ?? null,
  };
}

/** Go sorts label requirements by key alone, so that those of one key come in any order. */
const inAnyOrder = (requirements: readonly unknown[]): readonly unknown[] =>
  requirements.map((requirement) => JSON.stringify(requirement)).toSorted();

function expectedConnect(attributes: RequestAttributes): Answer | undefined {
  const options = connectOptions(attributes, attributes.query);
  if (options === undefined) return undefined;
  if (options instanceof Rejection) return { ...NO_OPTIONS, error: true };
  const { subresource: _, ...decoded } = options;
  return { ...NO_OPTIONS, ...decoded };
}

/** The oracle's answer without what nobody compares: the words of an error, and what was decoded before it. */
export function comparable(answer: Answer): Answer {
  const { connect, listOptions, ...rest } = answer;
  return {
    ...rest,
    ...(isRecord(listOptions) ? { listOptions: comparableListOptions(listOptions) } : {}),
    ...(isRecord(connect) ? { connect: 'error' in connect ? { ...connect, ports: [], error: true } : connect } : {}),
  };
}

function comparableListOptions(options: Answer): unknown {
  if ('error' in options) return 'Undecodable';
  const { labelSelector } = options;
  return { ...options, labelSelector: Array.isArray(labelSelector) ? inAnyOrder(labelSelector) : labelSelector };
}

const isRecord = (value: unknown): value is Answer => typeof value === 'object' && value !== null;
