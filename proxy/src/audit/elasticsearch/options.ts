import { durationOption } from '@chaperone/crds/process/options';
import { z } from 'zod';

const path = z.string().min(1);

/** Passwords and keys are in files, which are read again when they change; none is ever in a configuration. */
const credential = z
  .union([
    z.strictObject({ basic: z.strictObject({ username: z.string().min(1), passwordFile: path }) }),
    /** Of the file: the key as Elasticsearch gives it, in base64 ("encoded"). */
    z.strictObject({ apiKeyFile: path }),
  ])
  .optional();

const isLoopback = ({ hostname }: URL): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);

const node = z.url({ protocol: /^https?$/ }).refine((text) => {
  const { username, password, search, hash } = new URL(text);
  return username === '' && password === '' && search === '' && hash === '';
}, 'must be a URL without user, query and fragment');

const lowerCase = z
  .string()
  .regex(/^[a-z0-9_][a-z0-9_.]{0,99}$/u, 'must be lower case, without hyphens, as the last part of a data stream is');

const tls = z
  .strictObject({
    /** PEM of the authorities that are trusted, in place of the well-known ones. */
    caFile: path.optional(),
    /** PEM of a client's certificate and its key. */
    certificateFile: path.optional(),
    keyFile: path.optional(),
    /** Name that the certificate has to have; without it that of the URL. */
    serverName: z.string().min(1).optional(),
  })
  .refine(({ certificateFile, keyFile }) => (certificateFile === undefined) === (keyFile === undefined), {
    path: ['keyFile'],
    message: 'must stand beside certificateFile: give both or neither',
  })
  .prefault({});

/** Where records go. Without it the write-ahead log is the store. */
export const elasticsearchOptions = z
  .strictObject({
    /** All of one cluster; whichever answers is used. */
    nodes: z.array(node).min(1).max(64),
    /** The last part of the names of the data streams. */
    namespace: lowerCase.default('default'),
    /** Of the Kubernetes cluster, as it is told in each document. */
    cluster: z.strictObject({ name: z.string().min(1).optional(), id: z.string().min(1).optional() }).prefault({}),
    /** May append and nothing else: `auto_configure` and `create_doc` on the three data streams. */
    authentication: credential,
    tls,
    requestTimeout: durationOption('60s'),
    compression: z.boolean().default(false),
    batch: z
      .strictObject({
        bytes: z.int().min(65_536).max(67_108_864).default(1_048_576),
        documents: z.int().min(1).max(10_000).default(1_000),
        age: durationOption('200ms'),
        /** Requests at a time. */
        inFlight: z.int().min(1).max(16).default(2),
      })
      .prefault({}),
    deadLetters: z
      .strictObject({
        /** Past it nothing more is given up on: the log fills, and then calls are refused. */
        maxBytes: z.int().min(1_048_576).default(1_073_741_824),
      })
      .prefault({}),
    /** Index templates, installed at the start with a credential of their own. */
    installTemplates: z
      .strictObject({
        authentication: credential,
        retentionDays: z.int().min(1).max(36_500).default(365),
      })
      .optional(),
  })
  .superRefine((value, context) => {
    const credentials = [value.authentication, value.installTemplates?.authentication];
    const isSecret = credentials.some((each) => each !== undefined);
    const open = value.nodes.findIndex((text) => {
      const url = new URL(text);
      return url.protocol === 'http:' && !isLoopback(url);
    });
    if (!isSecret || open === -1) return;
    context.addIssue({
      code: 'custom',
      path: ['nodes', open],
      message: 'must be https: a credential would cross the network in the clear',
    });
  });

export type ElasticsearchOptions = z.output<typeof elasticsearchOptions>;
export type ElasticsearchCredential = ElasticsearchOptions['authentication'];
