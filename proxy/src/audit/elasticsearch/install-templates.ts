import { createHash } from 'node:crypto';
import { errors, type Client } from '@elastic/elasticsearch';
import { CHECKPOINT_DATASET } from './checkpoint-document.ts';
import { DATASET } from './document.ts';
import { textFieldsElsewhere } from './field-types.ts';
import { CHECKPOINT_FIELDS, RECORD_FIELDS, SESSION_FIELDS, type Fields } from './fields.ts';
import { indexTemplate, type ServerAbilities } from './index-template.ts';
import { askAbilities } from './server-abilities.ts';

export const SESSION_DATASET = 'chaperone.session';

/** The streams that the gateway writes. */
export const STREAMS: readonly { readonly dataset: string; readonly fields: Fields }[] = [
  { dataset: DATASET, fields: RECORD_FIELDS },
  { dataset: SESSION_DATASET, fields: SESSION_FIELDS },
  { dataset: CHECKPOINT_DATASET, fields: CHECKPOINT_FIELDS },
];

export interface InstallOptions {
  /** The last part of the names of the data streams. */
  readonly namespace: string;
  /** How long documents are kept at least, where the server can do so by itself. */
  readonly retentionDays: number;
  /** Of the product. */
  readonly version: string;
}

export interface InstalledTemplates {
  /** Names of the templates that were written; none where all were as they should be. */
  readonly changed: readonly string[];
  readonly abilities: ServerAbilities;
}

export type InstallErrorCode = 'Forbidden' | 'Refused' | 'Unavailable';

/** Templates cannot be installed. Holds nothing of what was sent, and no credential. */
export class InstallError extends Error {
  override readonly name = 'InstallError';
  readonly code: InstallErrorCode;

  constructor(code: InstallErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Writes the index templates of all streams; where they are as they should be it changes nothing. A stream that there
 * is goes on with a new index, which has what the new template says, at the next document.
 *
 * The credential needs `manage_index_templates`, and `manage` on the streams.
 * @throws InstallError
 */
export async function installTemplates(client: Client, options: InstallOptions): Promise<InstalledTemplates> {
  try {
    const abilities = await askAbilities(client);
    const changed: string[] = [];
    for (const stream of STREAMS) {
      const name = await installTemplate(client, stream, options, abilities);
      if (name !== undefined) changed.push(name);
    }
    return { changed, abilities };
  } catch (error) {
    throw installError(error);
  }
}

/** The name of the template if it was written. */
async function installTemplate(
  client: Client,
  stream: { readonly dataset: string; readonly fields: Fields },
  options: InstallOptions,
  abilities: ServerAbilities,
): Promise<string | undefined> {
  const target = `logs-${stream.dataset}-${options.namespace}`;
  const name = `chaperone-${target}`;
  const textFields = await textFieldsElsewhere(client, { ...stream, namespace: options.namespace });
  const template = indexTemplate({ ...stream, ...options, textFields }, abilities);
  const digest = createHash('sha256').update(JSON.stringify(template)).digest('hex');
  if ((await digestOf(client, name)) === digest) return undefined;
  await client.transport.request({
    method: 'PUT',
    path: `/_index_template/${encodeURIComponent(name)}`,
    body: { ...template, _meta: { product: 'chaperone', version: options.version, digest } },
  });
  await renew(client, target, options, abilities);
  return name;
}

/** Of the template that there is: what a server makes of a template reads otherwise than what it was given. */
async function digestOf(client: Client, name: string): Promise<string | undefined> {
  const answer = await unlessMissing(() => client.indices.getIndexTemplate({ name }));
  const digest: unknown = answer?.index_templates[0]?.index_template._meta?.['digest'];
  return typeof digest === 'string' ? digest : undefined;
}

/** Lets a stream that there is have what the new template says. */
async function renew(
  client: Client,
  target: string,
  { retentionDays }: InstallOptions,
  { lifecycle }: ServerAbilities,
): Promise<void> {
  // At once: the lazy way is acknowledged by servers that then never do it.
  const rolled = await unlessMissing(() => client.indices.rollover({ alias: target }));
  if (rolled === undefined || !lifecycle) return;
  await unlessMissing(() => client.indices.putDataLifecycle({ name: target, data_retention: `${retentionDays}d` }));
}

async function unlessMissing<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof errors.ResponseError && (error.statusCode === 404 || hasNoHandler(error))) return undefined;
    throw error;
  }
}

/** A distribution without the module that serves the path. */
function hasNoHandler({ statusCode, body }: errors.ResponseError): boolean {
  const answer: unknown = body;
  const reason = typeof answer === 'object' && answer !== null && 'error' in answer ? answer.error : undefined;
  return statusCode === 400 && typeof reason === 'string' && reason.startsWith('no handler found');
}

function installError(error: unknown): unknown {
  if (error instanceof errors.ResponseError) {
    const { statusCode = 0 } = error;
    if (statusCode === 401 || statusCode === 403)
      return new InstallError(
        'Forbidden',
        `Elasticsearch does not let this credential install index templates (${statusCode}): it needs the cluster privilege manage_index_templates, and manage on the data streams logs-kubernetes.audit_logs-*, logs-chaperone.session-* and logs-chaperone.checkpoint-*`,
      );
    return new InstallError('Refused', `Elasticsearch refuses the index templates (${statusCode}, ${error.message})`);
  }
  if (error instanceof errors.ElasticsearchClientError)
    return new InstallError('Unavailable', `Elasticsearch cannot be asked to install index templates (${error.name})`);
  return error;
}
