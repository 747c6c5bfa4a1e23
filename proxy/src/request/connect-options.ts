import { boolParameter } from './parameter-value.ts';
import { firstValue, type Query } from './query.ts';
import { Rejection } from './rejection.ts';
import type { RequestInfo } from './request-info.ts';

/** What a call of pods/exec, pods/attach or pods/portforward asks for, as the API server decodes its query. */
export type ConnectOptions = ExecOptions | AttachOptions | PortForwardOptions;

interface StreamOptions {
  /** '' is the pod's default container. */
  readonly container: string;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

export interface ExecOptions extends StreamOptions {
  readonly subresource: 'exec';
  /** The argument list: every `command` in order. No shell reads it. */
  readonly command: readonly string[];
}

export interface AttachOptions extends StreamOptions {
  readonly subresource: 'attach';
}

export interface PortForwardOptions {
  readonly subresource: 'portforward';
  /** The ports that are named in the query. kubectl names them per stream instead, and none here. */
  readonly ports: readonly number[];
}

/** Undefined where the request is none of these. A Rejection where the API server would answer 400 itself. */
export function connectOptions(
  info: Pick<RequestInfo, 'isResourceRequest' | 'apiGroup' | 'resource' | 'subresource'>,
  query: Query,
): ConnectOptions | Rejection | undefined {
  if (!info.isResourceRequest || info.apiGroup !== '' || info.resource !== 'pods') return undefined;
  switch (info.subresource) {
    case 'exec':
      return { subresource: 'exec', ...streamOptions(query), command: query.values.get('command') ?? [] };
    case 'attach':
      return { subresource: 'attach', ...streamOptions(query) };
    case 'portforward': {
      const ports = parsePorts(query.values.get('ports') ?? []);
      return ports === undefined ? new Rejection('ParameterInvalid', 'ports') : { subresource: 'portforward', ports };
    }
    default:
      return undefined;
  }
}

const streamOptions = (query: Query): StreamOptions => ({
  container: firstValue(query, 'container') ?? '',
  stdin: boolParameter(query, 'stdin'),
  stdout: boolParameter(query, 'stdout'),
  stderr: boolParameter(query, 'stderr'),
  tty: boolParameter(query, 'tty'),
});

const PORT = /^0*[0-9]{1,5}$/;
const MAX_PORT = 65_535;

/** Repeated, separated by commas, or both; unsigned 16-bit numbers. */
function parsePorts(values: readonly string[]): number[] | undefined {
  const ports = values.flatMap((value) => value.split(',')).map((text) => (PORT.test(text) ? Number(text) : Infinity));
  return ports.some((port) => port > MAX_PORT) ? undefined : ports;
}
