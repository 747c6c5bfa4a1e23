import { durationOption, namespaceOption, parseConfiguration, portOption } from '@chaperone/crds/process/options';
import { z } from 'zod';
import { elasticsearchOptions } from './audit/elasticsearch/options.ts';
import { serviceAccountSettings } from './authn/service-account-settings.ts';
import { isRange } from './serving/address-ranges.ts';

const bytes = (fallback: number, most: number) => z.int().min(1_024).max(most).default(fallback);
const MEBIBYTE = 1_048_576;

/** Exported for the test that holds docs/gateway.md to it. */
export const optionsSchema = z.strictObject({
  /** Namespace of the release: the bundle and the replicas' Leases are here. */
  namespace: namespaceOption.default('chaperone-system'),
  /** Name of this replica's pod; in a cluster from the environment. */
  replica: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/u, 'must be the name of a pod')
    .optional(),
  /** Path of a kubeconfig; without one the ServiceAccount of the pod is used. */
  kubeconfig: z.string().min(1).optional(),
  log: z
    .strictObject({
      level: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
      /** One line for each call. */
      access: z.boolean().default(true),
    })
    .prefault({}),
  /** Where callers connect. */
  listen: z
    .strictObject({
      host: z.string().min(1).default('0.0.0.0'),
      port: portOption.default(8443),
      /** How the address of a client is known, for logs and for the cluster's audit log. */
      clientAddress: z
        .strictObject({
          /** ProxyProtocol: version 1 or 2, on every connection. XForwardedFor: what trusted proxies wrote into it. */
          source: z.enum(['Connection', 'ProxyProtocol', 'XForwardedFor']).default('Connection'),
          /** Networks of the proxies before the gateway. */
          trustedProxies: z
            .array(z.string().refine(isRange, 'must be a network such as 10.0.0.0/8'))
            .max(256)
            .default([]),
        })
        .refine(({ source, trustedProxies }) => source === 'Connection' || trustedProxies.length > 0, {
          path: ['trustedProxies'],
          message: 'must name the proxies that are believed',
        })
        .prefault({}),
    })
    .prefault({}),
  /** Health, metrics and explain. */
  admin: z
    .strictObject({
      host: z.string().min(1).default('0.0.0.0'),
      port: portOption.default(8081),
      /** Whose members may have the calls of others explained to them. */
      explainGroups: z.array(z.string().min(1)).max(256).default([]),
    })
    .prefault({}),
  /** PEM files; they are read again when they change. */
  tls: z
    .strictObject({
      certificate: z.string().min(1).default('/etc/chaperone/tls/tls.crt'),
      key: z.string().min(1).default('/etc/chaperone/tls/tls.key'),
    })
    .prefault({}),
  /** All that the proxy writes. */
  stateDirectory: z.string().min(1).default('/var/lib/chaperone'),
  authentication: z
    .strictObject({
      /** An AuthenticationConfiguration in YAML; without one only ServiceAccounts are known. */
      configuration: z.string().min(1).optional(),
      /** The same, in place of a file. */
      inline: z.record(z.string(), z.unknown()).optional(),
      serviceAccounts: serviceAccountSettings,
    })
    .refine((value) => value.configuration === undefined || value.inline === undefined, {
      path: ['inline'],
      message: 'must not stand beside configuration: give the one or the other',
    })
    .prefault({}),
  /** Callers may write to chaperone.dev where policies allow it. */
  allowSelfAdministration: z.boolean().default(false),
  policies: z
    .strictObject({
      /** How long they count without the API server confirming them. */
      maxStaleness: durationOption('5m'),
    })
    .prefault({}),
  dryRun: z
    .strictObject({
      /** API groups of aggregated servers that honour dry runs; to one that does not, a dry run is the call itself. */
      aggregatedGroups: z.array(z.string().min(1)).max(1_000).default([]),
    })
    .prefault({}),
  limits: z
    .strictObject({
      /** Of one caller at a time. */
      concurrentCalls: z.int().min(1).max(100_000).default(200),
      concurrentStreams: z.int().min(1).max(100_000).default(2_000),
      /** Of one body that is read whole. */
      bodyBytes: bytes(4 * MEBIBYTE, 64 * MEBIBYTE),
      /** Of all bodies that are in memory. */
      bodyMemoryBytes: bytes(256 * MEBIBYTE, 16_384 * MEBIBYTE),
      /** Of one body that a backend behind a proxy subresource is sent. */
      proxiedBodyBytes: bytes(1_024 * MEBIBYTE, Number.MAX_SAFE_INTEGER),
      bodyTimeout: durationOption('60s'),
      /** For TLS to be agreed on, for headers and for a whole request to arrive. */
      handshakeTimeout: durationOption('10s'),
      headersTimeout: durationOption('20s'),
      requestTimeout: durationOption('2m'),
      /** Of a connection without a request: longer than load balancers keep theirs, so that they close first. */
      idleTimeout: durationOption('95s'),
      connections: z.int().min(1).max(1_000_000).default(16_384),
    })
    .prefault({}),
  masking: z
    .strictObject({
      /** A directory of keys, each in a file named as the key; the last by name makes fingerprints. Without one values are redacted. */
      fingerprintKeys: z.string().min(1).optional(),
    })
    .prefault({}),
  elasticsearch: elasticsearchOptions.optional(),
  /** What is on record of calls, and where it is kept until it is shipped. */
  audit: z
    .strictObject({
      /** Fsync: an intent is on the disk before its call is sent. Write: the kernel has it, which outlives the process alone. */
      durability: z.enum(['Fsync', 'Write']).default('Fsync'),
      /** A record is written so soon after the answer. */
      commitInterval: durationOption('10ms'),
      /** Of the text of one body in a record. */
      bodyBytes: bytes(1_024 * 1_024, 16 * MEBIBYTE),
      /** Of all bodies that are being captured. */
      captureBytes: bytes(128 * MEBIBYTE, 16_384 * MEBIBYTE),
      /** Of the whole log: past it calls are refused until records have been shipped. */
      maxBytes: bytes(8_192 * MEBIBYTE, Number.MAX_SAFE_INTEGER),
      /** With less room left on its volume calls are refused. */
      minFreeBytes: bytes(128 * MEBIBYTE, Number.MAX_SAFE_INTEGER),
      segmentBytes: bytes(64 * MEBIBYTE, 1_024 * MEBIBYTE),
      /** Of what waits in memory for the disk. */
      queueBytes: bytes(64 * MEBIBYTE, 1_024 * MEBIBYTE),
      /** A call whose intent is not on the disk in this time is refused. */
      slow: durationOption('5s'),
      /** A signed checkpoint follows so many records, or so much time. */
      checkpointRecords: z.int().min(1).max(1_000_000).default(1_000),
      checkpointInterval: durationOption('60s'),
      /** Records of calls that are refused before anybody knows whose they are; what is past them is on record in sums. */
      strangersPerSecond: z.int().min(1).max(100_000).default(100),
      /** The log of a process that is not heard of for so long is taken over. */
      adoptAfter: durationOption('30s'),
      /** A directory of Ed25519 keys in PEM; the last by name signs. Without one a replica makes a key of its own. */
      signingKeys: z.string().min(1).optional(),
      /** Where nothing is shipped the log itself is the store. */
      retention: z
        .strictObject({
          maxAge: durationOption('720h'),
          maxBytes: bytes(4_096 * MEBIBYTE, Number.MAX_SAFE_INTEGER),
        })
        .prefault({}),
    })
    .prefault({}),
  streams: z
    .strictObject({
      /** A watch, log or session that lasts longer is ended; clients watch anew from where they were. */
      maxDuration: durationOption('12h'),
    })
    .prefault({}),
  drain: z
    .strictObject({
      /** After SIGTERM, before connections are refused: until load balancers have noticed. */
      delay: durationOption('5s'),
      /** From then on, for calls and streams to end. */
      timeout: durationOption('30s'),
    })
    .prefault({}),
});

/** The proxy's configuration, checked and frozen. Durations are in milliseconds. */
export type ProxyOptions = z.output<typeof optionsSchema>;

/**
 * Checks the configuration whole.
 *
 * @throws OptionsError with every finding.
 */
export const parseOptions = (value: unknown): ProxyOptions => parseConfiguration(optionsSchema, value);
