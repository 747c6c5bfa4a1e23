import { fileURLToPath } from 'node:url';
import { durationOption, namespaceOption, parseConfiguration, portOption } from '@chaperone/crds/process/options';
import { z } from 'zod';
import { gatewaySchema } from './gateway/configuration.ts';

const schema = z.strictObject({
  /** Namespace of the release: bundle, Leases, and the gateway's workload are here. */
  namespace: namespaceOption.default('chaperone-system'),
  /** Path of a kubeconfig; without one the ServiceAccount of the pod is used. */
  kubeconfig: z.string().min(1).optional(),
  log: z.strictObject({ level: z.enum(['error', 'warn', 'info', 'debug']).default('info') }).prefault({}),
  /** Health and metrics. They tell no secret; `host` may be narrowed where no kubelet has to reach them. */
  admin: z.strictObject({ host: z.string().min(1).default('0.0.0.0'), port: portOption.default(8081) }).prefault({}),
  leaderElection: z
    .strictObject({
      /** This process's name among the candidates: the pod's name in a cluster. */
      identity: z.string().min(1).max(253).optional(),
      leaseDuration: durationOption('15s'),
      renewDeadline: durationOption('10s'),
      retryPeriod: durationOption('2s'),
    })
    .refine((value) => value.renewDeadline < value.leaseDuration, {
      path: ['renewDeadline'],
      message: 'must be shorter than leaseDuration: a leader has to stop before another may start',
    })
    .refine((value) => value.retryPeriod * 2 <= value.renewDeadline, {
      path: ['retryPeriod'],
      message: 'must be at most half of renewDeadline: one lost request must not cost the leadership',
    })
    .prefault({}),
  admission: z
    .strictObject({
      /** Directory of the admission policies as the chart installs them; the image brings its own. */
      directory: z
        .string()
        .min(1)
        .default(fileURLToPath(new URL('../../charts/chaperone/files/admission', import.meta.url))),
      /** As the chart's breakGlassGroups: a part of what the policies say. */
      breakGlassGroups: z.array(z.string().min(1)).default(['system:masters']),
    })
    .prefault({}),
  /** The operator's own ServiceAccount, as in the chart: a part of what the admission policies say. */
  serviceAccountName: z.string().min(1).default('chaperone-operator'),
  gateway: gatewaySchema.prefault({}),
  /** The registry of writers of records. */
  writers: z
    .strictObject({
      /** A directory of Ed25519 keys in PEM; the last by name signs. Without one the Secret chaperone-registry-key is used, and made. */
      signingKeys: z.string().min(1).optional(),
      /** How long one that has ended is listed: as long as its records are kept, at least. */
      retention: durationOption('9600h'),
      /** With more than so many those that ended first are no longer listed. */
      maxWriters: z.int().min(10).max(1_000).default(1_000),
    })
    .prefault({}),
  approvals: z
    .strictObject({
      /** How long a closed ApprovalRequest is kept. */
      retention: durationOption('168h'),
    })
    .prefault({}),
});

/** The operator's configuration, checked and frozen. Durations are in milliseconds. */
export type OperatorOptions = z.output<typeof schema>;

/**
 * Checks the configuration whole.
 *
 * @throws OptionsError with every finding.
 */
export const parseOptions = (value: unknown): OperatorOptions => parseConfiguration(schema, value);
