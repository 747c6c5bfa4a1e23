import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ImpersonationSupport } from './impersonation-probe.ts';

/** Metrics of the gateway controller. Labels are bounded. */
export interface GatewayMetrics {
  rights(facts: { readonly rules: number; readonly roles: number; readonly widened: boolean }): void;
  impersonation(support: ImpersonationSupport): void;
  /** ClusterRoleBindings of other names that give the gateway's account rights. */
  foreignBindings(count: number): void;
  /** Replicas that hold a Lease, and how many of them serve the revision in force. */
  replicas(live: number, current: number): void;
  /** Seconds from a policy being in the bundle to every replica serving it. */
  enforced(lagSeconds: number): void;
  /** A child was written because it was not as it should be. */
  repaired(kind: string): void;
  /** Seconds since the epoch at which the certificate that is served ends; undefined where there is none. */
  certificateEnds(seconds: number | undefined): void;
}

const LAGS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300];

export function newGatewayMetrics(registry: Registry): GatewayMetrics {
  const registers = [registry];
  const rules = new Gauge({
    name: 'chaperone_gateway_rights_rules',
    help: "RBAC rules of the gateway's rights that are derived from the policies",
    registers,
  });
  const roles = new Gauge({
    name: 'chaperone_gateway_rights_roles',
    help: 'Roles and ClusterRoles that hold the derived rights',
    registers,
  });
  const widened = new Gauge({
    name: 'chaperone_gateway_rights_widened',
    help: '1 where names of objects were left out of the derived rights because there were too many',
    registers,
  });
  const impersonation = new Gauge({
    name: 'chaperone_gateway_impersonation_constrained',
    help: '1 where the API server binds impersonation to the derived rights, 0 where it cannot, -1 while that is not known',
    registers,
  });
  const foreignBindings = new Gauge({
    name: 'chaperone_gateway_foreign_bindings',
    help: "ClusterRoleBindings that are neither the chart's nor derived and give the gateway's account rights",
    registers,
  });
  const replicas = new Gauge({
    name: 'chaperone_gateway_replicas',
    help: 'Replicas of the gateway that hold a Lease, by whether they serve the bundle in force',
    labelNames: ['current'],
    registers,
  });
  const lag = new Histogram({
    name: 'chaperone_policy_enforced_lag_seconds',
    help: 'Time from a policy being accepted to every replica of the gateway serving it',
    buckets: LAGS,
    registers,
  });
  const repairs = new Counter({
    name: 'chaperone_gateway_child_writes_total',
    help: "Writes of the gateway's workload and of what belongs to it, by kind; what is as it should be is not written",
    labelNames: ['kind'],
    registers,
  });
  const certificateEnds = new Gauge({
    name: 'chaperone_gateway_certificate_expiry_timestamp_seconds',
    help: "End of the gateway's serving certificate, in seconds since the epoch; 0 where there is none",
    registers,
  });
  impersonation.set(-1);
  replicas.set({ current: 'true' }, 0);
  replicas.set({ current: 'false' }, 0);

  return {
    rights(facts) {
      rules.set(facts.rules);
      roles.set(facts.roles);
      widened.set(facts.widened ? 1 : 0);
    },
    impersonation: (support) => impersonation.set({ Constrained: 1, Legacy: 0, Unknown: -1 }[support]),
    foreignBindings: (count) => foreignBindings.set(count),
    replicas(live, current) {
      replicas.set({ current: 'true' }, current);
      replicas.set({ current: 'false' }, live - current);
    },
    enforced: (lagSeconds) => lag.observe(lagSeconds),
    repaired: (kind) => repairs.inc({ kind }),
    certificateEnds: (seconds) => certificateEnds.set(seconds ?? 0),
  };
}
