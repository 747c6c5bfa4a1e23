import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { PolicyKind } from './resources.ts';

/** How many objects of a kind there are, and what was decided about them. */
export interface ObjectCounts {
  readonly accepted: number;
  readonly refused: number;
}

/** What is told of a bundle that is in force. */
export interface BundleFacts {
  readonly revision: string;
  readonly rules: number;
  /** Bytes of canonical JSON, and of what is stored. */
  readonly bytes: { readonly serialized: number; readonly stored: number };
}

/** Metrics of compiling and publishing policies. Labels are bounded: the revision is one series at a time. */
export interface PolicyMetrics {
  compiled(seconds: number): void;
  counted(kind: PolicyKind, counts: ObjectCounts): void;
  inForce(bundle: BundleFacts): void;
  /** Seconds from the first change that a bundle holds, as the watch told it, to its head being written. */
  published(lagSeconds: number): void;
  wrote(outcome: 'published' | 'conflict' | 'failed'): void;
  repaired(what: 'part' | 'head'): void;
  analysed(seconds: number, findings: number): void;
  wroteStatus(kind: PolicyKind): void;
}

const DURATIONS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
const LAGS = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 5, 10, 30, 60];

export function newPolicyMetrics(registry: Registry): PolicyMetrics {
  const registers = [registry];
  const compileDuration = new Histogram({
    name: 'chaperone_policy_compile_duration_seconds',
    help: 'Time to validate and compile one AgentPolicy or MaskingRule',
    buckets: DURATIONS,
    registers,
  });
  const objects = new Gauge({
    name: 'chaperone_policies',
    help: 'AgentPolicies and MaskingRules by kind and by whether their present generation is accepted',
    labelNames: ['kind', 'accepted'],
    registers,
  });
  const rules = new Gauge({
    name: 'chaperone_policy_rules',
    help: 'Rules of AgentPolicies in the bundle',
    registers,
  });
  const info = new Gauge({
    name: 'chaperone_bundle_info',
    help: 'The bundle in force; the value is always 1',
    labelNames: ['revision'],
    registers,
  });
  const bytes = new Gauge({
    name: 'chaperone_bundle_bytes',
    help: 'Size of the bundle in force, as JSON (serialized) and as it is stored (compressed)',
    labelNames: ['form'],
    registers,
  });
  const lag = new Histogram({
    name: 'chaperone_bundle_publish_lag_seconds',
    help: 'Time from the first change seen to the bundle that holds it being published',
    buckets: LAGS,
    registers,
  });
  const writes = new Counter({
    name: 'chaperone_bundle_writes_total',
    help: 'Attempts to write a bundle by outcome',
    labelNames: ['outcome'],
    registers,
  });
  const repairs = new Counter({
    name: 'chaperone_bundle_repairs_total',
    help: 'Parts and heads of the bundle that somebody else had altered and that were written anew',
    labelNames: ['what'],
    registers,
  });
  const conflictDuration = new Histogram({
    name: 'chaperone_policy_conflicts_duration_seconds',
    help: 'Time to compare all rules with each other',
    buckets: LAGS,
    registers,
  });
  const conflicts = new Gauge({
    name: 'chaperone_policy_conflicts',
    help: 'Policies with rules that are shadowed, contradicted or evadable',
    registers,
  });
  const statusWrites = new Counter({
    name: 'chaperone_policy_status_writes_total',
    help: 'Statuses written, by kind; unchanged ones are not',
    labelNames: ['kind'],
    registers,
  });
  (['published', 'conflict', 'failed'] as const).forEach((outcome) => writes.inc({ outcome }, 0));
  (['part', 'head'] as const).forEach((what) => repairs.inc({ what }, 0));
  (['AgentPolicy', 'MaskingRule'] as const).forEach((kind) => statusWrites.inc({ kind }, 0));

  return {
    compiled: (seconds) => compileDuration.observe(seconds),
    counted(kind, { accepted, refused }) {
      objects.set({ kind, accepted: 'true' }, accepted);
      objects.set({ kind, accepted: 'false' }, refused);
    },
    inForce(bundle) {
      info.reset();
      info.set({ revision: bundle.revision }, 1);
      rules.set(bundle.rules);
      bytes.set({ form: 'serialized' }, bundle.bytes.serialized);
      bytes.set({ form: 'compressed' }, bundle.bytes.stored);
    },
    published: (lagSeconds) => lag.observe(lagSeconds),
    wrote: (outcome) => writes.inc({ outcome }),
    repaired: (what) => repairs.inc({ what }),
    analysed(seconds, findings) {
      conflictDuration.observe(seconds);
      conflicts.set(findings);
    },
    wroteStatus: (kind) => statusWrites.inc({ kind }),
  };
}
