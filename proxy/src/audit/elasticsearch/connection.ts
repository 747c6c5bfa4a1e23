import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock } from '@chaperone/crds/client/clock';
import { Client, type ClientOptions } from '@elastic/elasticsearch';
import type { ElasticsearchCredential, ElasticsearchOptions } from './options.ts';

/**
 * A client of version 9 announces `compatible-with=9`, which an 8.x server refuses (elasticsearch-js#2909); a 9.x
 * server takes `compatible-with=8`. So one setting is for both.
 */
const JSON_TYPE = 'application/vnd.elasticsearch+json; compatible-with=8';
export const BULK_HEADERS = {
  accept: JSON_TYPE,
  'content-type': 'application/vnd.elasticsearch+x-ndjson; compatible-with=8',
} as const;

/** A file that the connection needs cannot be read. Names the file, and nothing of what it holds. */
export class ConnectionFileError extends Error {
  override readonly name = 'ConnectionFileError';
  readonly code = 'ERR_ELASTICSEARCH_FILE';

  constructor(file: string, cause: unknown) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable';
    super(`${file} cannot be read (${why})`);
  }
}

export interface ConnectionOptions {
  readonly settings: Pick<ElasticsearchOptions, 'nodes' | 'tls' | 'requestTimeout' | 'compression'>;
  readonly credential: ElasticsearchCredential;
  readonly clock: Clock;
  /** Told once for each fault; the client that there was goes on being used. */
  readonly failed: (error: unknown) => void;
}

/** A client whose secrets are as its files have them. */
export interface Connection {
  /** @throws ConnectionFileError where there has been no client yet */
  client(): Promise<Client>;
  /** The next client is made of the files as they are then: the credential was refused. */
  refresh(): void;
  close(): Promise<void>;
}

/** A projected Secret changes by a renamed link, which file system events miss: so it is looked at. */
const LOOK_MS = 5_000;

interface Secrets {
  readonly tls: NonNullable<ClientOptions['tls']>;
  readonly auth: ClientOptions['auth'];
}

export function newConnection({ settings, credential, clock, failed }: ConnectionOptions): Connection {
  let current: { readonly client: Client; readonly digest: string } | undefined;
  let lookedAt: number | undefined;
  let looking: Promise<Client> | undefined;
  let isFailing = false;

  async function look(): Promise<Client> {
    try {
      const secrets = await readSecrets(settings.tls, credential);
      const digest = createHash('sha256').update(JSON.stringify(secrets)).digest('hex');
      isFailing = false;
      lookedAt = clock.monotonic();
      if (current?.digest === digest) return current.client;
      const before = current?.client;
      const client = newClient(settings, secrets);
      current = { client, digest };
      // Requests that are under way end first.
      before?.close().catch(() => {});
      return client;
    } catch (error) {
      if (!isFailing) failed(error);
      isFailing = true;
      if (current === undefined) throw error;
      lookedAt = clock.monotonic();
      return current.client;
    }
  }

  return {
    client() {
      const isFresh = lookedAt !== undefined && clock.monotonic() - lookedAt < LOOK_MS;
      if (isFresh && current !== undefined) return Promise.resolve(current.client);
      looking ??= look().finally(() => {
        looking = undefined;
      });
      return looking;
    },
    refresh() {
      lookedAt = undefined;
    },
    async close() {
      await looking?.catch(() => {});
      await current?.client.close();
      current = undefined;
    },
  };
}

function newClient(settings: ConnectionOptions['settings'], { tls, auth }: Secrets): Client {
  return new Client({
    nodes: [...settings.nodes],
    headers: { accept: JSON_TYPE, 'content-type': JSON_TYPE },
    // The client tries again at once and without a pause; the shipper knows when, and what.
    maxRetries: 0,
    requestTimeout: settings.requestTimeout,
    compression: settings.compression,
    sniffOnStart: false,
    // The header would tell the versions of client and Node.
    enableMetaHeader: false,
    tls,
    ...(auth === undefined ? {} : { auth }),
  });
}

async function readSecrets(tls: ElasticsearchOptions['tls'], credential: ElasticsearchCredential): Promise<Secrets> {
  const [ca, cert, key] = await Promise.all([tls.caFile, tls.certificateFile, tls.keyFile].map(readText));
  return {
    tls: {
      rejectUnauthorized: true,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    },
    auth: await authOf(credential),
  };
}

async function authOf(credential: ElasticsearchCredential): Promise<ClientOptions['auth']> {
  if (credential === undefined) return undefined;
  if ('apiKeyFile' in credential) return { apiKey: ((await readText(credential.apiKeyFile)) ?? '').trim() };
  const { username, passwordFile } = credential.basic;
  // Editors end files with a line break, which is part of no password.
  const password = ((await readText(passwordFile)) ?? '').replace(/\r?\n$/, '');
  return { username, password };
}

async function readText(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ConnectionFileError(file, error);
  }
}
