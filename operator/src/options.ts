import { fileURLToPath } from 'node:url';
import { parseDuration } from '@chaperone/crds/validation/duration';
import { z } from 'zod';
import { gatewaySchema } from './gateway/configuration.ts';

/** A Go duration such as `45s` or `168h`; the result is in milliseconds. */
const duration = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, context) => {
      const milliseconds = parseDuration(text);
      if (milliseconds !== undefined && milliseconds > 0) return milliseconds;
      context.issues.push({
        code: 'custom',
        input: text,
        message: 'must be a duration above zero, such as 30s or 168h',
      });
      return z.NEVER;
    });

const port = z.int().min(0).max(65_535);

const schema = z.strictObject({
  /** Namespace of the release: bundle, Leases, and the gateway's workload are here. */
  namespace: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/u, 'must be the name of a namespace')
    .default('chaperone-system'),
  /** Path of a kubeconfig; without one the ServiceAccount of the pod is used. */
  kubeconfig: z.string().min(1).optional(),
  log: z.strictObject({ level: z.enum(['error', 'warn', 'info', 'debug']).default('info') }).prefault({}),
  /** Health and metrics. They tell no secret; `host` may be narrowed where no kubelet has to reach them. */
  admin: z.strictObject({ host: z.string().min(1).default('0.0.0.0'), port: port.default(8081) }).prefault({}),
  leaderElection: z
    .strictObject({
      /** This process's name among the candidates: the pod's name in a cluster. */
      identity: z.string().min(1).max(253).optional(),
      leaseDuration: duration('15s'),
      renewDeadline: duration('10s'),
      retryPeriod: duration('2s'),
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
  approvals: z
    .strictObject({
      /** How long a closed ApprovalRequest is kept. */
      retention: duration('168h'),
    })
    .prefault({}),
});

/** The operator's configuration, checked and frozen. Durations are in milliseconds. */
export type OperatorOptions = z.output<typeof schema>;

/** A configuration that cannot be used; the message has one line for each finding, with its path. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError';
  readonly code = 'ERR_OPTIONS';
  readonly findings: readonly string[];

  constructor(findings: readonly string[]) {
    super(
      `The configuration has ${findings.length} fault${findings.length === 1 ? '' : 's'}:\n${findings.map((finding) => `  ${finding}`).join('\n')}`,
    );
    this.findings = findings;
  }
}

/**
 * Checks a configuration whole, fills in what is not given, and freezes it. Values are never shown: a configuration may
 * hold what somebody put into the wrong place.
 *
 * @throws OptionsError with every finding.
 */
export function parseOptions(value: unknown): OperatorOptions {
  const result = schema.safeParse(value ?? {});
  if (result.success) return deepFreeze(result.data);
  throw new OptionsError(result.error.issues.flatMap(findingsOf));
}

function findingsOf(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${pathOf([...issue.path, key])}: there is no such option`);
  return [`${pathOf(issue.path)}: ${issue.message}`];
}

function pathOf(path: readonly PropertyKey[]): string {
  return (
    path
      .map((step) => (typeof step === 'number' ? `[${step}]` : String(step)))
      .join('.')
      .replaceAll('.[', '[') || '(root)'
  );
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
