import type { Fields, FieldType } from './fields.ts';

/** What a server can do. A plain distribution without Elastic's own modules lacks some of it. */
export interface ServerAbilities {
  /** The types `constant_keyword`, `wildcard` and `match_only_text`. */
  readonly extendedTypes: boolean;
  /** Data stream lifecycles, the failure store, and Elastic's own component templates. */
  readonly managedStreams: boolean;
}

export const FULL_SERVER: ServerAbilities = { extendedTypes: true, managedStreams: true };

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
    ...(abilities.managedStreams
      ? { composed_of: ['logs@settings'], ignore_missing_component_templates: ['logs@settings'] }
      : {}),
    template: {
      settings: {
        'index.codec': 'best_compression',
        'index.mapping.total_fields.limit': 1_000,
        // What is in _source is what was sent: alerts copy it, and people read it.
        ...(abilities.managedStreams ? { 'index.mapping.source.mode': 'stored' } : {}),
      },
      ...(abilities.managedStreams
        ? {
            lifecycle: { data_retention: `${retentionDays}d` },
            data_stream_options: { failure_store: { enabled: true } },
          }
        : {}),
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

const TEXT_AND_KEYWORD: Mapping = { type: 'text', fields: { keyword: KEYWORD } };

function mapping(
  path: string,
  type: FieldType,
  { dataset, namespace }: Pick<StreamTemplate, 'dataset' | 'namespace'>,
  { extendedTypes }: ServerAbilities,
): Mapping {
  const text = extendedTypes ? 'match_only_text' : 'text';
  const mappings: Readonly<Record<FieldType, Mapping>> = {
    keyword: SHORT_KEYWORD,
    longKeyword: KEYWORD,
    name: { ...KEYWORD, fields: { text: { type: text } } },
    // With its value: the first document would set it for good otherwise, whatever it says.
    constant: extendedTypes ? { type: 'constant_keyword', value: constantOf(path, dataset, namespace) } : SHORT_KEYWORD,
    text: { type: text },
    body: extendedTypes
      ? { type: 'wildcard', fields: { text: { type: text } } }
      : { ...KEYWORD, fields: { text: { type: text } } },
    flattened: { type: 'flattened', ignore_above: LONG },
    unindexed: { type: 'keyword', index: false, doc_values: false },
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
