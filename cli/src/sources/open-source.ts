import { nodeFileSystem } from '@chaperone/proxy/audit/wal/file-system';
import { usageError } from '../command-error.ts';
import type { Environment } from '../environment.ts';
import { openDirectories } from './directory.ts';
import type { RecordSource } from './record-source.ts';

export interface SourceOptions {
  readonly elasticsearch?: string | undefined;
  readonly username?: string | undefined;
  readonly 'password-file'?: string | undefined;
  readonly 'api-key-file'?: string | undefined;
  readonly 'ca-file'?: string | undefined;
  readonly 'data-stream-namespace'?: string | undefined;
  readonly directory?: readonly string[] | undefined;
  readonly 'all-fields'?: boolean | undefined;
}

/** What the options --elasticsearch and --data-stream-namespace are where they are not given. */
const URL_VARIABLE = 'CHAPERONE_ELASTICSEARCH_URL';
const NAMESPACE_VARIABLE = 'CHAPERONE_DATA_STREAM_NAMESPACE';

/** The store that the options name; the variable counts where they name none. @throws CommandError */
export async function openSource(options: SourceOptions, { variables }: Environment): Promise<RecordSource> {
  const { elasticsearch, directory } = options;
  if (elasticsearch !== undefined && directory !== undefined)
    throw usageError('--elasticsearch and --directory exclude each other: give one');
  if (directory !== undefined && options['all-fields'] === true)
    throw usageError('--all-fields: only documents of Elasticsearch have fields beside their records');
  if (directory !== undefined) return openDirectories(nodeFileSystem, directory);
  const set = (name: string): string | undefined => (variables[name] === '' ? undefined : variables[name]);
  const url = elasticsearch ?? set(URL_VARIABLE);
  if (url === undefined)
    throw usageError(
      `where are the records? Give --elasticsearch URL (or set ${URL_VARIABLE}), or --directory with the directory wal in a gateway's state directory`,
    );
  // Elastic's client takes half a second to load: only those who use it wait for it.
  const { openElasticsearch } = await import('../elasticsearch/source.ts');
  return openElasticsearch({
    url,
    username: options.username,
    passwordFile: options['password-file'],
    apiKeyFile: options['api-key-file'],
    caFile: options['ca-file'],
    namespace: options['data-stream-namespace'] ?? set(NAMESPACE_VARIABLE),
    allFields: options['all-fields'],
  });
}
