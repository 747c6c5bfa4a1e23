import { usageError } from '../command-error.ts';
import type { FilterName } from './filters.ts';
import { parseMoment } from './moment.ts';

/** Which records are asked for: those that meet all that is given. An empty query is every record. */
export interface RecordQuery {
  /** Of each filter one of the values. */
  readonly values: Readonly<Partial<Record<FilterName, readonly string[]>>>;
  readonly resources: readonly ResourceFilter[];
  readonly codes: readonly CodeRange[];
  /** Milliseconds since the epoch. */
  readonly since?: number;
  /** The first millisecond after. */
  readonly until?: number;
}

/** As RBAC names resources: `pods` is not `pods/exec`. */
export interface ResourceFilter {
  readonly resource: string;
  /** Undefined: of any group. */
  readonly apiGroup?: string;
  /** '' is none; `*` any, but not none. */
  readonly subresource: string;
}

/** Both are in it. */
export interface CodeRange {
  readonly from: number;
  readonly to: number;
}

/** Values of the options that choose records. */
export type QueryOptions = Readonly<
  Partial<Record<(typeof LISTED)[number] | 'resource' | 'code', readonly string[]>>
> & {
  readonly since?: string;
  readonly until?: string;
};

const LISTED = ['user', 'verb', 'namespace', 'name', 'decision', 'verdict', 'outcome', 'run'] as const;

/** Of options that have few values: which. */
const CHOICES: Readonly<Partial<Record<(typeof LISTED)[number], readonly string[]>>> = {
  decision: ['allow', 'forbid'],
  verdict: ['Allow', 'Deny', 'RequireApproval', 'NeedsObject'],
  outcome: ['Answered', 'Refused', 'Cut', 'Unknown'],
};

/** @throws CommandError */
export function parseQuery(options: QueryOptions, now: number): RecordQuery {
  return {
    values: parseValues(options),
    resources: (options.resource ?? []).map(parseResource),
    codes: (options.code ?? []).map(parseCode),
    ...parseTimes(options, now),
  };
}

function parseValues(options: QueryOptions): RecordQuery['values'] {
  const values: Partial<Record<FilterName, readonly string[]>> = {};
  for (const name of LISTED) {
    const given = options[name] ?? [];
    const choices = CHOICES[name] ?? given;
    const other = given.find((value) => !choices.includes(value));
    if (other !== undefined) throw usageError(`--${name}=${other}: must be one of ${choices.join(', ')}`);
    if (given.length > 0) values[name] = given;
  }
  return values;
}

function parseTimes({ since, until }: QueryOptions, now: number): Pick<RecordQuery, 'since' | 'until'> {
  const times = {
    ...(since === undefined ? {} : { since: parseMoment('since', since, now) }),
    ...(until === undefined ? {} : { until: parseMoment('until', until, now) }),
  };
  if ((times.since ?? -Infinity) >= (times.until ?? Infinity))
    throw usageError('--since must be before --until: no time is left between them');
  return times;
}

/** `pods`, `pods/exec`, `deployments.apps`, `deployments.apps/scale`, `pods/*`. */
function parseResource(text: string): ResourceFilter {
  const [, resource, apiGroup, subresource = ''] =
    /^([a-z0-9-]+)(?:\.([a-z0-9.-]+))?(?:\/([a-zA-Z0-9-]+|\*))?$/.exec(text) ?? [];
  if (resource === undefined)
    throw usageError(`--resource=${text}: give the plural name, such as pods, pods/exec or deployments.apps/scale`);
  return { resource, subresource, ...(apiGroup === undefined ? {} : { apiGroup }) };
}

/** `403` or `4xx`. */
function parseCode(text: string): CodeRange {
  if (/^[1-5]xx$/.test(text)) {
    const from = Number(text[0]) * 100;
    return { from, to: from + 99 };
  }
  if (!/^[1-5][0-9]{2}$/.test(text)) throw usageError(`--code=${text}: give an HTTP status, such as 403, or 4xx`);
  return { from: Number(text), to: Number(text) };
}
