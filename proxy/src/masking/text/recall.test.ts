import { expect, test } from 'vitest';
import type { Span } from './detectors/detector.ts';
import { DETECTORS } from './detectors/registry.ts';
import { builtInFinder } from './find.ts';

/** Deterministic (mulberry32): a failure is the same on every machine. */
function newRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Random = () => number;
type Form = (secret: string) => string;

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const DIGITS = '0123456789';
const WORD = LOWER + UPPER + DIGITS;
const BASE64 = `${WORD}+/`;
const URL_BASE64 = `${WORD}-_`;

function pick<T>(random: Random, list: readonly T[]): T {
  const item = list[Math.floor(random() * list.length)];
  if (item === undefined) throw new Error('the list is empty');
  return item;
}

function characters(random: Random, alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet.charAt(Math.floor(random() * alphabet.length))).join('');
}

function bytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
}

function between(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

/** Where a token stands that is known by itself. */
const ANYWHERE: readonly Form[] = [
  (secret) => secret,
  (secret) => `apiVersion: v1\ndata:\n  value: ${secret}\n  other: x\n`,
  (secret) => `settings:\n  - name: FORGE\n    value: "${secret}"\n`,
  (secret) => JSON.stringify({ forge: { value: secret, retries: 3 } }),
  (secret) => JSON.stringify({ config: JSON.stringify({ value: secret }) }),
  (secret) => `export FORGE='${secret}'\n./deploy.sh`,
  (secret) => `FORGE=${secret} npm publish`,
  (secret) => `https://api.example.com/v1/items?key=${secret}&page=2`,
  (secret) => `2026-03-01T10:00:00Z INFO  sync started with ${secret}, retrying in 5s`,
  (secret) => `level=error msg="call failed: \\nvalue ${secret}\\n" code=401`,
  (secret) => `\u001b[32m${secret}\u001b[0m ok`,
  (secret) => `[remote "origin"]\n\turl = https://git.example.com/(${secret})/repo.git`,
];

/** A value of a name, in the notations of names. */
const assigned = (...names: readonly string[]): readonly Form[] =>
  names.flatMap((name): Form[] => [
    (secret) => `${name}=${secret}`,
    (secret) => `${name}: ${secret}\n`,
    (secret) => `${name}: "${secret}"`,
    (secret) => `x: 1\n  ${name}: '${secret}'\ny: 2`,
    (secret) => JSON.stringify({ a: 1, [name]: secret }),
    (secret) => JSON.stringify({ text: JSON.stringify({ [name]: secret, b: 2 }, null, 2) }),
    (secret) => `export ${name}="${secret}"`,
    (secret) => `2026-03-01T10:00:00Z WARN connecting with ${name}=${secret} to db`,
    (secret) => `[section]\n${name} = ${secret}\nhost = db\n`,
  ]);

interface Positives {
  readonly secret: (random: Random) => string;
  readonly forms: readonly Form[];
}

const prefixed = (rest: (random: Random) => string, ...prefixes: readonly string[]): Positives => ({
  secret: (random) => pick(random, prefixes) + rest(random),
  forms: ANYWHERE,
});

const word =
  (low: number, high = low) =>
  (random: Random) =>
    characters(random, WORD, between(random, low, high));
const password = (random: Random) =>
  characters(random, `${WORD}!#%*+-._~`, between(random, 9, 24)) + characters(random, DIGITS, 1);
const plainPassword = (random: Random) =>
  characters(random, `${WORD}!*-._~`, between(random, 8, 24)) + characters(random, DIGITS, 1);

function pem(random: Random): string {
  const kind = pick(random, ['RSA ', 'EC ', 'DSA ', 'OPENSSH ', 'ENCRYPTED ', '']);
  const body = bytes(random, between(random, 120, 1200))
    .toString('base64')
    .replace(/.{64}/g, '$&\n')
    .trimEnd();
  const headers = pick(random, ['', 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123456789ABCDEF\n\n']);
  return `-----BEGIN ${kind}PRIVATE KEY-----\n${headers}${body}\n-----END ${kind}PRIVATE KEY-----`;
}

function compactToken(random: Random): string {
  const header = {
    alg: pick(random, ['RS256', 'ES256', 'HS256', 'EdDSA']),
    kid: characters(random, WORD, 12),
    typ: 'JWT',
  };
  const payload = { sub: characters(random, LOWER, 8), exp: between(random, 1_700_000_000, 1_900_000_000) };
  const parts = [header, payload].map((part) =>
    Buffer.from(JSON.stringify(part, null, random() < 0.2 ? 1 : 0)).toString('base64url'),
  );
  return [...parts, bytes(random, pick(random, [32, 64, 256])).toString('base64url')].join('.');
}

const POSITIVES: Readonly<Record<string, Positives>> = {
  'private-key': {
    secret: pem,
    forms: [
      (secret) => secret,
      (secret) => `tls.key: |\n${secret.replace(/^/gm, '    ')}\nother: x`,
      (secret) => JSON.stringify({ key: secret }),
      (secret) => JSON.stringify({ text: JSON.stringify({ key: secret }) }),
      (secret) => `KEY="${secret.replaceAll('\n', '\\n')}"`,
      (secret) => `log: loaded ${secret.replaceAll('\n', ' ')} from file`,
      (secret) => secret.replaceAll('\n', '\r\n'),
    ],
  },
  'putty-private-key': {
    secret: (random) =>
      characters(random, BASE64, 64 * between(random, 2, 14))
        .replace(/.{64}/g, '$&\n')
        .trimEnd(),
    forms: [
      (secret) =>
        `PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\nPrivate-Lines: ${secret.split('\n').length}\n${secret}\nPrivate-MAC: 00`,
      (secret) =>
        JSON.stringify(
          `Private-Lines: ${secret.split('\n').length}\r\n${secret.replaceAll('\n', '\r\n')}\r\nPrivate-MAC: 00`,
        ),
    ],
  },
  'encoded-private-key': {
    secret: (random) => Buffer.from(pem(random)).toString('base64'),
    forms: ANYWHERE,
  },
  jwt: { secret: compactToken, forms: ANYWHERE },
  'aws-access-key-id': prefixed((random) => characters(random, `${UPPER}234567`, 16), 'AKIA', 'ASIA'),
  'aws-secret-access-key': {
    secret: (random) => characters(random, BASE64, 40),
    forms: [
      ...assigned(
        'aws_secret_access_key',
        'AWS_SECRET_ACCESS_KEY',
        'secretAccessKey',
        'aws-secret-key',
        'SecretAccessKey',
      ),
      (secret) => `user,AKIA${'ABCD'.repeat(4)},${secret}\n`,
      (secret) => `creds: AKIA${'EFGH'.repeat(4)}:${secret}`,
    ],
  },
  'aws-session-token': {
    secret: (random) => `IQoJb3JpZ2luX2Vj${characters(random, BASE64, between(random, 200, 900))}==`,
    forms: [...assigned('aws_session_token', 'AWS_SESSION_TOKEN', 'SessionToken')],
  },
  'aws-signature': {
    secret: (random) => bytes(random, 32).toString('hex'),
    forms: [
      (secret) =>
        `https://bucket.s3.amazonaws.com/a?X-Amz-Date=20260301T000000Z&X-Amz-Signature=${secret}&x-id=GetObject`,
      (secret) => JSON.stringify({ url: `https://b.s3.amazonaws.com/?X-Amz-Expires=60&X-Amz-Signature=${secret}` }),
      (secret) => `GET /b?x-amz-signature=${secret} 200`,
    ],
  },
  'azure-access-key': {
    secret: (random) => bytes(random, 64).toString('base64'),
    forms: [
      (secret) => `DefaultEndpointsProtocol=https;AccountName=app;AccountKey=${secret};EndpointSuffix=core.windows.net`,
      (secret) => JSON.stringify({ connection: `AccountName=app;AccountKey=${secret}` }),
      (secret) => `Endpoint=sb://app.example.net/;SharedAccessKeyName=root;SharedAccessKey=${secret}`,
      ...assigned('azurestorageaccountkey', 'primaryKey'),
    ],
  },
  'azure-client-secret': {
    secret: (random) => `${word(3)(random)}8Q~${characters(random, `${WORD}_~.-`, 33)}${characters(random, WORD, 1)}`,
    forms: ANYWHERE,
  },
  'azure-sas-signature': {
    secret: (random) => encodeURIComponent(bytes(random, 32).toString('base64')),
    forms: [
      (secret) => `https://app.blob.core.windows.net/c/f?sv=2022-11-02&se=2026-03-01&sr=b&sp=r&sig=${secret}`,
      (secret) =>
        JSON.stringify({ url: `https://app.blob.core.windows.net/c?sig=${secret}&sp=r` }).replaceAll('&', '\\u0026'),
      (secret) => `SAS_URL='https://app.queue.core.windows.net/?sv=2022&sig=${secret}'`,
      (secret) => `?sig=${secret}&sv=2022 HTTP/1.1`,
    ],
  },
  'gcp-service-account-key': {
    secret: (random) => {
      const body = bytes(random, 1200).toString('base64').replace(/.{64}/g, '$&\n');
      return `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`.replaceAll('\n', '\\n');
    },
    forms: [
      (secret) => `{"type": "service_account", "private_key_id": "0123", "private_key": "${secret}", "client_id": "1"}`,
      (secret) => JSON.stringify({ text: `{"private_key": "${secret}"}` }),
      (secret) => `{\n  'private_key': '${secret}'\n}`,
    ],
  },
  'gcp-api-key': prefixed((random) => characters(random, URL_BASE64, 35), 'AIza'),
  'gcp-oauth-token': prefixed(
    (random) => characters(random, URL_BASE64, between(random, 40, 200)),
    'ya29.',
    'GOCSPX-',
    '1//0',
  ),
  'slack-token': prefixed(
    (random) => `${characters(random, DIGITS, 12)}-${characters(random, DIGITS, 12)}-${characters(random, WORD, 24)}`,
    'xoxb-',
    'xoxp-',
    'xoxa-',
    'xoxe-',
    'xoxr-',
    'xoxs-',
    'xapp-',
  ),
  'slack-webhook': prefixed(
    (random) =>
      `T${characters(random, UPPER + DIGITS, 8)}/B${characters(random, UPPER + DIGITS, 8)}/${word(24)(random)}`,
    'hooks.slack.com/services/',
  ),
  'cloud-token': prefixed(
    (random) => word(40, 90)(random),
    'dop_v1_',
    'hvs.',
    'sk_live_',
    'SG.',
    'hf_',
    'sk-ant-',
    'sk-proj-',
    'glsa_',
  ),
  'github-token': prefixed(word(36), 'ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'),
  'github-fine-grained-token': prefixed((random) => `${word(22)(random)}_${word(59)(random)}`, 'github_pat_'),
  'gitlab-token': prefixed(
    word(20, 40),
    'glpat-',
    'gldt-',
    'glrt-',
    'glcbt-',
    'glptt-',
    'glft-',
    'glimt-',
    'glagent-',
    'gloas-',
    'glsoat-',
  ),
  'npm-token': prefixed(word(36), 'npm_'),
  'registry-token': prefixed(
    (random) => characters(random, URL_BASE64, 90) + word(2)(random),
    'pypi-AgE',
    'dckr_pat_',
    'rubygems_',
    'ATATT3',
  ),
  'url-password': {
    secret: plainPassword,
    forms: [
      (secret) => `postgres://app:${secret}@db.example.com:5432/app?sslmode=require`,
      (secret) => `redis://:${secret}@cache:6379/0`,
      (secret) => JSON.stringify({ url: `amqp://user:${secret}@mq/vhost` }),
      (secret) => JSON.stringify({ url: `mongodb+srv://user:${secret}@cluster0.example.net` }).replaceAll('/', '\\/'),
      (secret) => `DATABASE_URL=mysql://root:${secret}@127.0.0.1/app`,
      (secret) => `git clone https://bot:${secret}@git.example.com/team/repo.git`,
      (secret) => `2026-03-01 ERROR cannot reach https://admin:${secret}@es:9200: refused`,
      (secret) => `url: jdbc:postgresql://app:${secret}@db/app\n`,
    ],
  },
  'connection-string-password': {
    secret: plainPassword,
    forms: [
      (secret) => `Server=db;Database=app;User Id=app;Password=${secret};Encrypt=true`,
      (secret) => `Data Source=db,1433;Initial Catalog=app;Uid=app;Pwd=${secret};`,
      (secret) => `jdbc:sqlserver://db:1433;databaseName=app;user=sa;password=${secret};encrypt=true`,
      (secret) => `jdbc:mysql://db/app?user=app&password=${secret}`,
      (secret) => `host=db port=5432 user=app password=${secret} dbname=app sslmode=disable`,
      (secret) => JSON.stringify({ ConnectionStrings: { Main: `Server=db;User Id=app;Password=${secret}` } }),
    ],
  },
  'mysql-dsn-password': {
    secret: password,
    forms: [
      (secret) => `app:${secret}@tcp(db:3306)/app?parseTime=true`,
      (secret) => `DSN="app:${secret}@tcp(db:3306)/app"`,
      (secret) => JSON.stringify({ dsn: `app:${secret}@unix(/run/mysqld.sock)/app` }),
      (secret) => `dsn: root:${secret}@tcp(127.0.0.1)/x`,
    ],
  },
  authorization: {
    secret: (random) => characters(random, URL_BASE64, between(random, 20, 80)),
    forms: [
      (secret) => `Authorization: Bearer ${secret}`,
      (secret) => `authorization: Basic ${secret}\r\nAccept: */*`,
      (secret) => `curl -H 'Authorization: Token ${secret}' https://api.example.com`,
      (secret) => JSON.stringify({ headers: { Authorization: `Bearer ${secret}` } }),
      (secret) => JSON.stringify({ text: JSON.stringify({ authorization: [`Bearer ${secret}`] }) }),
      (secret) => `map[Accept:[*/*] Authorization:[Bearer ${secret}]]`,
      (secret) => `Proxy-Authorization: Basic ${secret}`,
      (secret) => `Authorization: ${secret}a1B2`,
    ],
  },
  'bearer-token': {
    secret: (random) => `${characters(random, URL_BASE64, between(random, 24, 80))}a1`,
    forms: [
      (secret) => `using bearer ${secret} for the call`,
      (secret) => JSON.stringify(['--header', `Bearer ${secret}`]),
      (secret) => `credentials=Bearer%20${secret}`,
      (secret) => `value: Bearer ${secret}\n`,
    ],
  },
  'bearer-subprotocol': {
    secret: (random) => characters(random, URL_BASE64, between(random, 40, 900)),
    forms: [
      (secret) => `Sec-WebSocket-Protocol: v5.channel.k8s.io, base64url.bearer.authorization.k8s.io.${secret}`,
      (secret) => JSON.stringify({ protocols: [`base64url.bearer.authorization.k8s.io.${secret}`] }),
    ],
  },
  'docker-config': {
    secret: (random) => Buffer.from(`${characters(random, LOWER, 6)}:${plainPassword(random)}`).toString('base64'),
    forms: [
      (secret) => JSON.stringify({ auths: { 'ghcr.io': { auth: secret } } }),
      (secret) => JSON.stringify({ text: JSON.stringify({ auths: { 'ghcr.io': { auth: secret } } }) }),
      (secret) => `auths:\n  ghcr.io:\n    auth: ${secret}\n`,
      (secret) => JSON.stringify({ auths: { 'quay.io': { identitytoken: secret } } }, null, 2),
      (secret) => `{"auths":{"x":{"auth":"${secret}","email":"a@example.com"}}}`,
    ],
  },
  kubeconfig: {
    secret: (random) => characters(random, WORD, between(random, 20, 60)),
    forms: [
      (secret) => `users:\n- name: admin\n  user:\n    client-key-data: ${secret}\n`,
      (secret) => `users:\n- name: admin\n  user:\n    token: ${secret}\n`,
      (secret) => `users:\n- name: admin\n  user:\n    username: admin\n    password: ${secret}\n`,
      (secret) => JSON.stringify({ users: [{ name: 'a', user: { token: secret } }] }),
      (secret) =>
        JSON.stringify({ config: JSON.stringify({ users: [{ name: 'a', user: { 'client-key-data': secret } }] }) }),
    ],
  },
  credential: {
    secret: (random) =>
      characters(random, `${WORD}!*-._~`, between(random, 10, 24)) +
      characters(random, WORD, 4) +
      pick(random, ['a1', 'Zq9']),
    forms: [
      ...assigned(
        'password',
        'DB_PASSWORD',
        'spring.datasource.password',
        'client_secret',
        'clientSecret',
        'apiKey',
        'API_KEY',
        'ACCESS_TOKEN',
        'token',
        'passwd',
      ),
      (secret) => `mysqldump --password=${secret} app`,
      (secret) => `helm upgrade --password ${secret} --install x y`,
      (secret) => `https://api.example.com/hook?token=${secret}&x=1`,
      (secret) => JSON.stringify(['--token', secret]),
      (secret) => `login failed (password="${secret}")`,
      (secret) => `-Djavax.net.ssl.keyStorePassword=${secret} -jar app.jar`,
      (secret) => `{'password': '${secret}'}`,
      (secret) => `password: "${secret}@;, x&y=z"`,
      (secret) => JSON.stringify({ password: `${secret}"\\ <>&'` }),
      (secret) => `user: a\npassword: ${secret} with;odd,&characters\nhost: b`,
    ],
  },
};

const ROUNDS = 120;
const MIN_RECALL = 0.98;

test('every detector is measured', () => {
  expect(Object.keys(POSITIVES).toSorted()).toEqual(DETECTORS.map(({ name }) => name).toSorted());
});

/**
 * Whether the whole secret lies in what is found. Where a notation breaks it up (indented lines, escapes) its longest part
 * that every notation keeps stands for it.
 */
function isCovered(found: readonly Span[], text: string, secret: string): boolean {
  const parts = secret.split(/\\n|\n|["\\/]/);
  const longest = parts.reduce((best, part) => (part.length > best.length ? part : best), '');
  const needle = text.includes(secret) ? secret : longest;
  const at = text.indexOf(needle);
  if (at < 0) throw new Error('the form does not hold the secret');
  return found.some(({ start, end }) => start <= at && end >= at + needle.length);
}

test('each detector, alone, finds 98 of 100 generated secrets in every notation', () => {
  const table: string[] = [];
  const below: string[] = [];
  for (const [number, detector] of DETECTORS.entries()) {
    const random = newRandom(20_260_301 + number);
    const find = builtInFinder([detector]);
    const positives = POSITIVES[detector.name];
    if (positives === undefined) throw new Error(`no secrets for ${detector.name}`);
    const missed: string[] = [];
    const total = Math.max(ROUNDS, positives.forms.length * 4);
    for (let round = 0; round < total; round += 1) {
      const secret = positives.secret(random);
      const text = positives.forms[round % positives.forms.length]?.(secret) ?? '';
      if (!isCovered(find(text), text, secret)) missed.push(text.slice(0, 160));
    }
    const recall = 1 - missed.length / total;
    table.push(`${detector.name.padEnd(28)} ${String(total).padStart(4)} ${recall.toFixed(3)}`);
    if (recall < MIN_RECALL) below.push(`${detector.name} ${recall.toFixed(3)}: ${missed.slice(0, 4).join('\n    ')}`);
  }
  process.stdout.write(`${table.join('\n')}\n`);
  expect(below).toEqual([]);
});
