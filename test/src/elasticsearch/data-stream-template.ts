import type { estypes } from '@elastic/elasticsearch';

/** A template that makes every index under the pattern a data stream. Just enough for tests of the server itself. */
export function dataStreamTemplate(pattern: string): estypes.IndicesPutIndexTemplateRequest {
  return {
    name: pattern.replaceAll('*', 'all'),
    index_patterns: [pattern],
    priority: 501,
    data_stream: {},
    template: {
      settings: { number_of_replicas: 0 },
      mappings: { dynamic: false, properties: { '@timestamp': { type: 'date' }, message: { type: 'keyword' } } },
    },
  };
}
