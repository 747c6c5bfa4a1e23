import { z } from 'zod';

const name = z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/u, 'must be the name of an object');
const quantity = z
  .string()
  .regex(/^[0-9]+(?:\.[0-9]+)?(?:m|[kKMGTPE]i?)?$/u, 'must be a quantity, such as 500m, 256Mi or 10Gi');
const quantities = z.record(z.string(), quantity);
const port = z.int().min(1).max(65_535);
/** What becomes JSON in a ConfigMap: checked by the proxy that reads it. */
const json: z.ZodType<JsonValue> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(json), z.record(z.string(), json)]),
);
type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** The part of the operator's configuration that is about the gateway: `gateway`. */
export const gatewaySchema = z.strictObject({
  /** False: somebody else runs the proxies; the operator then keeps their rights and says what they enforce. */
  managed: z.boolean().default(true),
  /** null where something else scales the workload, such as a HorizontalPodAutoscaler. */
  replicas: z.int().min(0).max(100).nullable().default(2),
  serviceAccountName: name.default('chaperone-proxy'),
  /** Callers may write to chaperone.dev where policies allow it. */
  allowSelfAdministration: z.boolean().default(false),
  /** What the chart grants to the proxy's account. Legacy caps nothing: only for clusters that know nothing better. */
  impersonation: z.enum(['Constrained', 'Legacy']).default('Constrained'),
  /** Namespaces whose ServiceAccounts act under their own names. */
  nativeServiceAccountNamespaces: z.array(name).max(256).default([]),
  service: z
    .strictObject({
      type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']).default('ClusterIP'),
      port: port.default(443),
      annotations: z.record(z.string(), z.string()).default({}),
    })
    .prefault({}),
  tls: z
    .strictObject({
      /** SelfSigned: made and rotated here. Secret: written by somebody else. CertManager: asked of cert-manager. */
      mode: z.enum(['SelfSigned', 'Secret', 'CertManager']).default('SelfSigned'),
      secretName: name.default('chaperone-proxy-tls'),
      /** Names beside those of the Service by which callers reach the gateway. */
      dnsNames: z.array(z.string().min(1).max(253)).max(64).default([]),
      ipAddresses: z
        .array(z.union([z.ipv4(), z.ipv6()]))
        .max(64)
        .default([]),
      /** Days that a serving certificate of the self-signed authority lasts; a third before its end it is replaced. */
      certificateDays: z.int().min(1).max(825).default(90),
      /** Days that the authority lasts; its successor is published at two thirds, and takes over after a sixth. */
      authorityDays: z.int().min(6).max(7_300).default(1_825),
      issuerRef: z
        .strictObject({
          name,
          kind: z.string().min(1).default('Issuer'),
          group: z.string().min(1).default('cert-manager.io'),
        })
        .optional(),
    })
    .refine((tls) => tls.mode !== 'CertManager' || tls.issuerRef !== undefined, {
      path: ['issuerRef'],
      message: 'is required with mode CertManager',
    })
    .refine((tls) => tls.mode !== 'SelfSigned' || tls.certificateDays * 3 <= tls.authorityDays, {
      path: ['certificateDays'],
      message: 'must be at most a third of authorityDays: a certificate must not outlive its authority',
    })
    .prefault({}),
  wal: z
    .strictObject({
      /** Of the emptyDir; without persistence the WAL goes with the pod. */
      emptyDirSizeLimit: quantity.default('2Gi'),
      /** Makes the workload a StatefulSet with a volume for each replica. */
      persistence: z.strictObject({ size: quantity.default('10Gi'), storageClassName: name.optional() }).optional(),
    })
    .prefault({}),
  proxy: z
    .strictObject({
      image: z.string().min(1).default('chaperone-proxy:0.1.0'),
      imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).default('IfNotPresent'),
      imagePullSecrets: z.array(name).max(16).default([]),
      ports: z.strictObject({ https: port.default(8443), admin: port.default(8081) }).prefault({}),
      resources: z
        .strictObject({ requests: quantities.optional(), limits: quantities.optional() })
        .default({ requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '1Gi' } }),
      /** To finish what runs, and to ship records. */
      terminationGracePeriodSeconds: z.int().min(1).max(3_600).default(60),
      nodeSelector: z.record(z.string(), z.string()).optional(),
      priorityClassName: name.optional(),
      /** A Secret in the release's namespace that is mounted at /etc/chaperone/credentials. */
      credentialsSecretName: name.optional(),
      /** The proxy's own configuration, given to it as it is. */
      configuration: z.record(z.string(), json).default({}),
    })
    .prefault({}),
});

/** The gateway's configuration, checked, with defaults filled in. */
export type GatewayConfiguration = z.output<typeof gatewaySchema>;
