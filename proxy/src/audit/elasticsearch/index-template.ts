import type { Fields, FieldType } from './fields.ts';

/** What a server can do, each asked of it. A distribution without Elastic's own modules lacks some, old ones others. */
export interface ServerAbilities {
  /** The types `constant_keyword`, `wildcard` and `match_only_text`, each a module of its own. */
  readonly constantKeyword: boolean;
  readonly wildcard: boolean;
  readonly matchOnlyText: boolean;
  /** Retention by the data stream itself. */
  readonly lifecycle: boolean;
  /** A place for documents that are refused, told of in the answer. */
  readonly failureStore: boolean;
  /** `_source` kept as it was sent, whatever the index mode. */
  readonly storedSource: boolean;
}

export const FULL_SERVER: ServerAbilities = {
  constantKeyword: true,
  wildcard: true,
  matchOnlyText: true,
  lifecycle: true,
  failureStore: true,
  storedSource: true,
};

export interface StreamTemplate {
  /** `logs-<dataset>-<namespace>`. */
  readonly dataset: string;
  readonly namespace: string;
  readonly fields: Fields;
  /** How long documents are kept at least. */
  readonly retentionDays: number;
  readonly version: string;
  /**
   * Fields that another template under the same index pattern maps as text: ES|QL refuses a field of two types, so
   * they are text here, too, with a keyword below.
   */
  readonly textFields?: ReadonlySet<string>;
}

export type Mapping = { readonly [key: string]: string | number | boolean | Mapping };

/** A term has 32,766 bytes at most; one of more would have the whole document refused. */
const LONG = 8_191;
const KEYWORD = { type: 'keyword', ignore_above: LONG } as const;
const SHORT_KEYWORD = { type: 'keyword', ignore_above: 1_024 } as const;

/**
 * The index template of one data stream. Dynamic mapping is off: bodies of custom resources would otherwise use up the
 * limit of fields, and the first one of them would choose the type of a field for all.
 */
export function indexTemplate(stream: StreamTemplate, abilities: ServerAbilities): Record<string, unknown> {
  const { dataset, namespace, fields, retentionDays, version, textFields = new Set() } = stream;
  return {
    index_patterns: [`logs-${dataset}-${namespace}`],
    // Above Elastic's own for logs-*-*, and above what is recommended for templates of users.
    priority: 501,
    data_stream: {},
    allow_auto_create: true,
    _meta: { product: 'chaperone', version },
    // Elastic's own settings for logs, whatever they are in the server's version; a server may have none.
    composed_of: ['logs@settings'],
    ignore_missing_component_templates: ['logs@settings'],
    template: {
      settings: templateSettings(fields, abilities),
      ...(abilities.lifecycle ? { lifecycle: { data_retention: `${retentionDays}d` } } : {}),
      ...(abilities.failureStore ? { data_stream_options: { failure_store: { enabled: true } } } : {}),
      mappings: {
        dynamic: false,
        date_detection: false,
        properties: properties(fields, (path, type) =>
          textFields.has(path) ? TEXT_AND_KEYWORD : mapping(path, type, { dataset, namespace }, abilities),
        ),
      },
    },
  };
}

/** A value that is wrong in one field only: the rest of the document is stored, and the field told of in `_ignored`. */
function templateSettings(fields: Fields, { lifecycle, storedSource }: ServerAbilities): Record<string, unknown> {
  return {
    'index.codec': 'best_compression',
    'index.mapping.ignore_malformed': true,
    'index.mapping.total_fields.limit': Math.max(1_000, 2 * Object.keys(fields).length),
    // What is in _source is what was sent: alerts copy it, and people read it.
    ...(storedSource ? { 'index.mapping.source.mode': 'stored' } : {}),
    // Else the policy that logs@settings names would go before the retention in days.
    ...(lifecycle ? { 'index.lifecycle.prefer_ilm': false } : {}),
  };
}

const TEXT_AND_KEYWORD: Mapping = { type: 'text', fields: { keyword: KEYWORD } };

function mapping(
  path: string,
  type: FieldType,
  { dataset, namespace }: Pick<StreamTemplate, 'dataset' | 'namespace'>,
  abilities: ServerAbilities,
): Mapping {
  if (type !== 'constant') return mappingOf(type, abilities);
  // With its value: the first document would set it for good otherwise, whatever it says.
  return abilities.constantKeyword
    ? { type: 'constant_keyword', value: constantOf(path, dataset, namespace) }
    : SHORT_KEYWORD;
}

function mappingOf(type: Exclude<FieldType, 'constant'>, { wildcard, matchOnlyText }: ServerAbilities): Mapping {
  const text: Mapping = { type: matchOnlyText ? 'match_only_text' : 'text' };
  const mappings: Readonly<Record<Exclude<FieldType, 'constant'>, Mapping>> = {
    keyword: SHORT_KEYWORD,
    longKeyword: KEYWORD,
    name: { ...KEYWORD, fields: { text } },
    text,
    body: wildcard ? { type: 'wildcard', fields: { text } } : { ...KEYWORD, fields: { text } },
    flattened: { type: 'flattened', ignore_above: LONG },
    // Said, as some index modes have a limit of their own, past which ES|QL reads null.
    unindexed: { type: 'keyword', index: false, doc_values: false, ignore_above: 2_147_483_647 },
    date: { type: 'date' },
    ip: { type: 'ip' },
    long: { type: 'long' },
    boolean: { type: 'boolean' },
  };
  return mappings[type];
}

function constantOf(path: string, dataset: string, namespace: string): string {
  if (path.endsWith('.dataset')) return dataset;
  return path.endsWith('.namespace') ? namespace : 'logs';
}

/** Nested properties of dotted paths. */
function properties(fields: Fields, of: (path: string, type: FieldType) => Mapping): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [path, type] of Object.entries(fields)) {
    const keys = path.split('.');
    const leaf = keys.pop() ?? '';
    keys.reduce(childProperties, root)[leaf] = of(path, type);
  }
  return root;
}

function childProperties(parent: Record<string, unknown>, key: string): Record<string, unknown> {
  const present = parent[key];
  if (isRecord(present) && isRecord(present['properties'])) return present['properties'];
  const children: Record<string, unknown> = {};
  parent[key] = { properties: children };
  return children;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
