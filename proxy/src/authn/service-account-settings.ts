import { z } from 'zod';

/**
 * How ServiceAccounts of the cluster are authenticated; a part of the proxy's configuration, as Kubernetes'
 * AuthenticationConfiguration has no place for it.
 */
export const serviceAccountSettings = z
  .strictObject({
    enabled: z.boolean().default(true),
    /**
     * `Mapped`: they act as `chaperone:sa:<namespace>:<name>`, so that what RBAC grants to that name is of no use
     * outside the gateway. `Native`: they act under their own name.
     */
    identity: z.enum(['Mapped', 'Native']).default('Mapped'),
    /** What their tokens must be requested for (`kubectl create token --audience`). */
    audience: z.string().min(1).max(253).default('chaperone'),
    /**
     * The cluster's `--service-account-issuer`s. Where none is given, the one that the API server publishes is used,
     * which is the first.
     */
    issuers: z.array(z.string().min(1)).max(16).default([]),
  })
  .prefault({});

export type ServiceAccountSettings = z.output<typeof serviceAccountSettings>;
