import type { SpecialCell } from './cells.ts';
import { NAMESPACE } from './corpus-cluster.ts';
import { written, type Json } from './encodings.ts';
import { mintedSeed, newSeed, type Seed, type SeedShape } from './seeds.ts';
import { newName, type Stage, type StageCall } from './stage.ts';

const maps = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
const pods = `/api/v1/namespaces/${NAMESPACE}/pods`;
const encodedSeed = ({ text }: Seed): string => encodeURIComponent(text);

/** A call of which one part beside the object is secret, and what it is answered. */
function place(
  kind: string,
  operation: string,
  { shape = 'Token', call }: { readonly shape?: SeedShape; readonly call: (seed: Seed) => StageCall },
): SpecialCell {
  return {
    kind,
    operation,
    async drive(stage) {
      const seed = newSeed(shape);
      await stage.through(call(seed));
      return [seed];
    },
  };
}

const header = (name: string, value: (seed: Seed) => string, shape: SeedShape = 'Token'): SpecialCell =>
  place('header', name, { shape, call: (seed) => ({ path: `${maps}?limit=1`, headers: { [name]: value(seed) } }) });

const url = (operation: string, path: (seed: string) => string, shape: SeedShape = 'Plain'): SpecialCell =>
  place('URL', operation, { shape, call: (seed) => ({ path: path(encodedSeed(seed)) }) });

const command = (
  operation: string,
  words: (seed: Seed) => readonly string[],
  shape: SeedShape = 'Plain',
): SpecialCell =>
  place('command of an exec', operation, {
    shape,
    call: (seed) => ({
      // It has no node to run on; the record of the attempt has the command.
      path: `${pods}/none/exec?${words(seed)
        .map((word) => `command=${encodeURIComponent(word)}`)
        .join('&')}&stdout=true`,
    }),
  });

const created = (operation: string, object: (seed: Seed) => Json, collection: string, shape: SeedShape): SpecialCell =>
  place('annotation or event', operation, {
    shape,
    call: (seed) => ({ method: 'POST', path: collection, body: written(object(seed), 'JSON'), expected: [201] }),
  });

const eventAbout = (kind: string, message: string): Json => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: newName() },
  involvedObject: { kind, name: 'some', namespace: NAMESPACE },
  reason: 'Failed',
  type: 'Warning',
  message,
});

/** Tokens by which nobody is known: a broken one is refused before anything else is looked at. */
const withToken = (operation: string, headers: (seed: Seed) => Record<string, string>, path = maps): SpecialCell =>
  place('header', operation, {
    shape: 'Plain',
    call: (seed) => ({ path, headers: headers(seed), expected: [400, 401, 403] }),
  });

/** As browsers send one, who cannot set headers. */
const subprotocol: SpecialCell = {
  kind: 'header',
  operation: 'sec-websocket-protocol',
  async drive(stage) {
    const seed = newSeed('Plain');
    await stage.connect(`${pods}/none/exec?command=id`, [
      `base64url.bearer.authorization.k8s.io.${Buffer.from(seed.text).toString('base64url')}`,
      'v5.channel.k8s.io',
    ]);
    return [seed];
  },
};

/** The token that a caller really has, in the one header that it goes in. */
const ownToken: SpecialCell = {
  kind: 'header',
  operation: 'authorization of a known caller',
  async drive(stage: Stage) {
    const { bytes } = await stage.direct({
      method: 'POST',
      path: `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/default/token`,
      body: Buffer.from('{"spec":{}}'),
      expected: [201],
    });
    const token = /"token":"([^"]+)"/u.exec(bytes.toString())?.[1] ?? '';
    await stage.through({ path: maps, headers: { authorization: `Bearer ${token}` }, expected: [401, 403] });
    return [mintedSeed(token)];
  },
};

export const PLACES: readonly SpecialCell[] = [
  url('query: access_token', (seed) => `${maps}?access_token=${seed}`),
  url('query: token', (seed) => `${maps}?token=${seed}`),
  url('query: any parameter', (seed) => `${maps}?note=${seed}`, 'Token'),
  url(
    'path of a proxied call',
    (seed) => `/api/v1/namespaces/${NAMESPACE}/services/none/proxy/hooks/${seed}/end`,
    'Token',
  ),
  url('query of a proxied call', (seed) => `/api/v1/namespaces/${NAMESPACE}/services/none/proxy/a?password=${seed}`),
  url('path of no resource', (seed) => `/none/${seed}`, 'Token'),
  url('name of an object', (seed) => `${maps}/${seed}`, 'Token'),
  url('name of a namespace', (seed) => `/api/v1/namespaces/${seed}/configmaps`, 'Token'),
  url('name of a resource', (seed) => `/api/v1/namespaces/${NAMESPACE}/${seed}`, 'Token'),
  url('name of a group', (seed) => `/apis/${seed}/v1/configmaps`, 'Token'),
  url('name of an object that is none', (seed) => `${maps}/%2e%2e${seed}/a/b/c`, 'Token'),
  place('body of a proxied call', 'with a token', {
    call: ({ text }) => ({
      method: 'POST',
      path: `/api/v1/namespaces/${NAMESPACE}/services/none/proxy/login`,
      body: Buffer.from(`user=me&note=${text}`),
      type: 'application/x-www-form-urlencoded',
    }),
  }),
  withToken('authorization: unknown', ({ text }) => ({ authorization: `Bearer ${text}` })),
  withToken('authorization: basic', ({ text }) => ({
    authorization: `Basic ${Buffer.from(`user:${text}`).toString('base64')}`,
  })),
  withToken('authorization: malformed', ({ text }) => ({ authorization: `Bearer ${text} ${text}` })),
  subprotocol,
  ownToken,
  header('cookie', ({ text }) => `session=${text}; theme=dark`, 'Plain'),
  header('proxy-authorization', ({ text }) => `Bearer ${text}`, 'Plain'),
  header('user-agent', ({ text }) => `kubectl/v1.36 (${text})`),
  header('kubectl-command', ({ text }) => `kubectl create secret generic s --from-literal=password=${text}`, 'Plain'),
  header('chaperone-note', ({ text }) => `with ${text} in it`),
  header('x-api-key', ({ text }) => text, 'Plain'),
  command('option with a value', ({ text }) => ['mysql', `--password=${text}`]),
  command('option before its value', ({ text }) => ['mysql', '--password', text]),
  command('header of curl', ({ text }) => ['curl', '-H', `Authorization: Bearer ${text}`, 'http://x']),
  command('in a shell', ({ text }) => ['sh', '-c', `DB_PASSWORD='${text}' ./run`]),
  command('a token', ({ text }) => ['deploy', text], 'Token'),
  created(
    'annotation of a Secret',
    ({ text }) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: newName(), annotations: { 'example.com/copy': text } },
    }),
    `/api/v1/namespaces/${NAMESPACE}/secrets`,
    'Quoted',
  ),
  created(
    'annotation of a ConfigMap',
    ({ text }) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: newName(), annotations: { 'example.com/copy': `see ${text}.` } },
    }),
    maps,
    'Token',
  ),
  created(
    'event about a Secret',
    ({ text }) => eventAbout('Secret', `cannot use ${text}`),
    `/api/v1/namespaces/${NAMESPACE}/events`,
    'Quoted',
  ),
  created(
    'event about a Pod',
    ({ text }) => eventAbout('Pod', `cannot use ${text}`),
    `/api/v1/namespaces/${NAMESPACE}/events`,
    'Token',
  ),
];
