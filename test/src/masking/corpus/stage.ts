import { readFileSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, request, type Dispatcher } from 'undici';
import { WebSocket } from 'ws';
import type { GatewayContext } from '../../proxy/gateway-context.ts';
import type { CorpusKind } from './kinds.ts';
import { NAMESPACE } from './corpus-cluster.ts';
import { MEDIA_TYPES, written, type Encoding, type Json, type JsonObject } from './encodings.ts';
import { newSeed, type Seed } from './seeds.ts';

export interface StageCall {
  readonly method?: Dispatcher.HttpMethod;
  readonly path: string;
  readonly accept?: string;
  readonly type?: string;
  readonly body?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** All others fail the cell. Any, where there is none. */
  readonly expected?: readonly number[];
}

export interface StageAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
}

/** Where the corpus is driven: objects are made beside the gateway, so that a seed passes it only where a cell says so. */
export interface Stage {
  /** As the administrator, at the API server. */
  direct(call: StageCall): Promise<StageAnswer>;
  /** As a caller, through the gateway. */
  through(call: StageCall): Promise<StageAnswer>;
  /** The same, as a caller whose policy makes the gateway look at objects. */
  judged(call: StageCall): Promise<StageAnswer>;
  /** Asks the gateway for a WebSocket with these subprotocols and nothing else; resolves when that has been refused. */
  connect(path: string, protocols: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export interface StageTokens {
  /** Of a caller whose policy names everything. */
  readonly caller: string;
  /** Of one whose policy is about everything and names nothing. */
  readonly judged: string;
}

export function newStage(context: GatewayContext, tokens: StageTokens): Stage {
  const config = new KubeConfig();
  config.loadFromFile(context.adminKubeconfig);
  const user = config.getCurrentUser();
  const read = (data: string | undefined, file: string | undefined): Buffer =>
    data === undefined ? readFileSync(file ?? '') : Buffer.from(data, 'base64');
  const ca = readFileSync(context.caFile);
  const own = { cert: read(user?.certData, user?.certFile), key: read(user?.keyData, user?.keyFile) };
  const admin = new Agent({ allowH2: false, connect: { ca, ...own } });
  const caller = new Agent({ allowH2: false, connect: { ca } });
  const send = async (
    dispatcher: Agent,
    origin: string,
    { method = 'GET', path, accept = MEDIA_TYPES.JSON, type, body, headers = {}, expected }: StageCall,
  ): Promise<StageAnswer> => {
    const answer = await request(`${origin}${path}`, {
      dispatcher,
      method,
      headers: { accept, ...(body === undefined ? {} : { 'content-type': type ?? MEDIA_TYPES.JSON }), ...headers },
      body: body ?? null,
    });
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    const { statusCode: status } = answer;
    if (expected?.includes(status) === false)
      throw new Error(`${method} ${path} as ${accept}: ${status} ${bytes.toString('latin1', 0, 400)}`);
    return { status, bytes, headers: answer.headers };
  };
  return {
    direct: (call) => send(admin, context.kubeApiUrl, call),
    through: (call) => send(caller, context.url, withToken(call, tokens.caller)),
    judged: (call) => send(caller, context.url, withToken(call, tokens.judged)),
    connect: (path, protocols) =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`${context.url.replace('https', 'wss')}${path}`, [...protocols], { ca });
        socket.once('error', () => resolve());
        socket.once('open', () => reject(new Error('the gateway took a token that nobody has given out')));
      }),
    close: async () => void (await Promise.all([admin.close(), caller.close()])),
  };
}

const withToken = (call: StageCall, token: string): StageCall => ({
  ...call,
  headers: { authorization: `Bearer ${token}`, ...call.headers },
});

let names = 0;
export const newName = (): string => `c${(names += 1)}-${process.pid}`;

export const seedsFor = ({ shapes }: Pick<CorpusKind, 'shapes'>): Seed[] => shapes.map(newSeed);

export const collectionOf = ({ group, version, resource }: CorpusKind): string =>
  `${group === '' ? `/api/${version}` : `/apis/${group}/${version}`}/namespaces/${NAMESPACE}/${resource}`;

export interface ObjectOptions {
  readonly name: string;
  readonly seeds: readonly Seed[];
  /** Of a copy of the object as `kubectl apply` keeps one. */
  readonly appliedSeeds?: readonly Seed[];
  readonly metadata?: JsonObject;
}

/** An object of the corpus; it is told from all others by the label `cell`. */
export function objectOf(kind: CorpusKind, { name, seeds, appliedSeeds, metadata = {} }: ObjectOptions): JsonObject {
  const { group, version } = kind;
  const type = { apiVersion: group === '' ? version : `${group}/${version}`, kind: kind.kind };
  const applied = (of: readonly Seed[]): JsonObject => ({
    'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({
      ...type,
      metadata: { name },
      ...kind.content(of),
    }),
  });
  const annotations = appliedSeeds === undefined ? {} : { annotations: applied(appliedSeeds) };
  return {
    ...type,
    metadata: { name, namespace: NAMESPACE, labels: { cell: name }, ...annotations, ...metadata },
    ...kind.content(seeds),
  };
}

/** A body in any encoding: what only the API server can write, it writes as the answer to a dry run. */
export async function encoded(
  stage: Stage,
  { method, path }: Pick<StageCall, 'method' | 'path'>,
  value: Json,
  encoding: Encoding,
): Promise<Buffer> {
  if (encoding !== 'protobuf' && encoding !== 'CBOR') return written(value, encoding);
  const call = {
    ...(method === undefined ? {} : { method }),
    path: `${path}?dryRun=All`,
    body: written(value, 'JSON'),
  };
  const { bytes } = await stage.direct({ ...call, accept: MEDIA_TYPES[encoding], expected: [200, 201] });
  return bytes;
}
