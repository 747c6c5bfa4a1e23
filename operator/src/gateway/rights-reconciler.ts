import { isDeepStrictEqual } from 'node:util';
import type { Bundle } from '@chaperone/crds/bundle/bundle';
import type { Clock } from '@chaperone/crds/client/clock';
import { clusterRoles, type Namespace, type Role } from '@chaperone/crds/client/kinds';
import { isDeleting, type KubernetesObject, type Stored } from '@chaperone/crds/client/kubernetes-object';
import type { Client } from '@chaperone/crds/client/resource-client';
import type { Lister } from '@chaperone/crds/client/store';
import type { EventRecorder } from '../runtime/events.ts';
import type { ReconcileContext, Reconciler, Result } from '../runtime/reconciler.ts';
import type { ApiResources } from './api-resources.ts';
import { ReleaseMissingError, releaseOwner, releaseReference } from './child-writer.ts';
import type { Discovery } from './discovery.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import type { Replica } from './replicas.ts';
import { newRightsBuilder, type RbacRule, type Rights } from './rights-builder.ts';
import { deriveRights, nextExpiry, usesWildcards, type RightsInput } from './rights.ts';
import { derivedOnly, newRoleWriter, type RoleListers } from './role-writer.ts';
import { isDerivedRule, RightsTooLargeError, rolesOf, type DerivedRoles, type RoleOptions } from './roles.ts';

/** What of the configuration decides the gateway's rights. */
export interface RightsConfiguration {
  readonly serviceAccount: { readonly name: string; readonly namespace: string };
  readonly nativeNamespaces: readonly string[];
  readonly allowSelfAdministration: boolean;
}

export interface RightsReconcilerOptions {
  readonly client: Client;
  readonly listers: RoleListers & { readonly namespaces: Lister<Namespace> };
  /** The bundle in force; undefined while that is not known. */
  readonly bundle: () => Bundle | undefined;
  readonly replicas: () => readonly Replica[];
  readonly discovery: Discovery;
  readonly configuration: RightsConfiguration;
  readonly recorder: Pick<EventRecorder, 'event'>;
  readonly metrics: Pick<GatewayMetrics, 'rights'>;
  readonly clock: Clock;
  /** Called when the rights that a revision needs have been given. */
  readonly onCovered: () => void;
  /**
   * How long rights that no policy needs any more are kept for replicas that serve older policies, in milliseconds;
   * default two minutes. A replica that is cut off must not keep them for good.
   */
  readonly narrowAfterMs?: number;
}

export interface RightsReconciler extends Reconciler {
  /** The revision for which the rights were last given. */
  covered(): string | undefined;
}

/** How soon resources that come later are seen: where a wildcard stands for them, and where none does. */
const REDISCOVER_WILDCARDS_MS = 5_000;
const REDISCOVER_MS = 600_000;
/** How long rights that are not needed any more outlast the policy at most. */
export const DEFAULT_NARROW_AFTER_MS = 120_000;
const RELEASE_MISSING_MS = 30_000;
/** Objects that are told of at once: somebody may have made one in every namespace. */
const MAX_TOLD = 16;

/**
 * Keeps the derived roles in line with the policies: wider at once, and narrower when no replica needs the old rights, so
 * that no call is refused which the replica that forwards it rightly lets pass.
 */
export function newRightsReconciler(options: RightsReconcilerOptions): RightsReconciler {
  const { client, listers, configuration, clock, metrics, recorder } = options;
  const releases = client.resource(clusterRoles);
  const writer = newRoleWriter(client, listers);
  const narrowAfterMs = options.narrowAfterMs ?? DEFAULT_NARROW_AFTER_MS;
  let discovered: { readonly api: ApiResources; readonly at: number } | undefined;
  /** What this process gave last; undefined until then. */
  let granted: Rights | undefined;
  /** Since when, by the monotonic clock, there are rights to be taken back. */
  let waitingSince: number | undefined;
  let covered: string | undefined;
  let wasWidened = false;

  async function served(everyMs: number, { signal, logger }: ReconcileContext): Promise<ApiResources> {
    if (discovered !== undefined && clock.monotonic() - discovered.at < everyMs) {
      return discovered.api;
    }
    const { resources: api, failed } = await options.discovery.read(signal);
    if (failed.length > 0) {
      logger.warn('Some APIs do not answer, what they said last is used', { apis: failed });
    }
    discovered = { api, at: clock.monotonic() };
    return api;
  }

  /** What a process before this one gave, as far as the watches tell, and nothing that somebody else put there. */
  const stored = (): Rights => ({
    cluster: derivedOnly(listers.clusterRoles)
      .list()
      .filter(({ aggregationRule }) => aggregationRule === undefined)
      .flatMap(derivedRules),
    namespaces: new Map(
      derivedOnly(listers.roles)
        .list()
        .map((role) => [role.metadata.namespace ?? '', derivedRules(role)]),
    ),
  });

  /** The rights to give now: those desired and, for a time, what replicas behind may still need. */
  function keepNeeded(desired: Rights, revision: string, roleOptions: RoleOptions): Rights {
    const behind = options
      .replicas()
      .some((replica) => replica.revision !== undefined && replica.revision !== revision);
    const both = behind ? unite(desired, granted ?? stored()) : desired;
    if (isDeepStrictEqual(both, desired)) {
      waitingSince = undefined;
      return desired;
    }
    waitingSince ??= clock.monotonic();
    return clock.monotonic() - waitingSince < narrowAfterMs && fits(both, roleOptions) ? both : desired;
  }

  function tell(tampered: readonly Stored<KubernetesObject>[], { logger }: ReconcileContext): void {
    for (const object of tampered.slice(0, MAX_TOLD)) {
      recorder.event(object, {
        type: 'Warning',
        reason: 'RightsTampered',
        action: 'DeriveRights',
        note: 'Held what no policy gives the gateway, and was put right',
      });
    }
    if (tampered.length > 0) {
      logger.warn("The gateway's rights had been tampered with, and were put right", { objects: tampered.length });
    }
  }

  function nextLook(bundle: Bundle, everyMs: number): Result {
    const expiry = nextExpiry(bundle.policies, clock.now());
    const times = [
      everyMs,
      ...(expiry === undefined ? [] : [expiry - clock.now()]),
      ...(waitingSince === undefined ? [] : [waitingSince + narrowAfterMs - clock.monotonic()]),
    ];
    return { requeueAfterMs: Math.max(Math.min(...times.filter((ms) => ms > 0), everyMs), 1) };
  }

  return {
    covered: () => covered,
    async reconcile(_request, context): Promise<Result> {
      const bundle = options.bundle();
      if (bundle === undefined) {
        return {};
      }
      const owner = await releaseOwner(releases, context.signal).catch((error: unknown) => {
        if (error instanceof ReleaseMissingError) {
          return error;
        }
        throw error;
      });
      if (owner instanceof ReleaseMissingError) {
        context.logger.warn('The release is not there, its rights are left alone', { error: owner });
        return { requeueAfterMs: RELEASE_MISSING_MS };
      }
      const everyMs = usesWildcards(bundle.policies, clock.now()) ? REDISCOVER_WILDCARDS_MS : REDISCOVER_MS;
      const {
        rights: desired,
        widened,
        roleOptions,
      } = derive(
        {
          policies: bundle.policies,
          api: await served(everyMs, context),
          namespaces: listers.namespaces
            .list()
            .filter((namespace) => !isDeleting(namespace))
            .map(({ metadata }) => ({ name: metadata.name, labels: metadata.labels ?? {} })),
          now: clock.now(),
          nativeNamespaces: configuration.nativeNamespaces,
          allowSelfAdministration: configuration.allowSelfAdministration,
        },
        { serviceAccount: configuration.serviceAccount, ownerReferences: [releaseReference(owner)] },
      );
      const rights = keepNeeded(desired, bundle.revision, roleOptions);
      const roles = existing(rolesOf(rights, roleOptions), listers.namespaces);
      const { count: writes, tampered } = await writer.write(roles, context.signal);
      granted = rights;
      if (writes > 0) {
        context.logger.info("Wrote the gateway's rights", { revision: bundle.revision, writes, widened });
      }
      tell(tampered, context);
      if (widened && !wasWidened) {
        recorder.event(owner, {
          type: 'Warning',
          reason: 'RightsWidened',
          action: 'DeriveRights',
          note: "The gateway's rights would be too large with names of objects, so they hold for every name: policies name too many",
        });
      }
      wasWidened = widened;
      metrics.rights({ rules: countRules(roles), roles: roles.clusterRoles.length + roles.roles.length, widened });
      if (covered !== bundle.revision) {
        covered = bundle.revision;
        options.onCovered();
      }
      return nextLook(bundle, everyMs);
    },
  };
}

const derivedRules = ({ rules }: Pick<Role, 'rules'>): RbacRule[] => (rules ?? []).filter(isDerivedRule);

interface Derived {
  readonly rights: Rights;
  /** Names were left out. */
  readonly widened: boolean;
  readonly roleOptions: RoleOptions;
}

/** With names or, where that is too much for RBAC, without. @throws RightsTooLargeError where even that is too much. */
function derive(input: RightsInput, roleOptions: RoleOptions): Derived {
  const rights = deriveRights(input);
  if (fits(rights, roleOptions)) {
    return { rights, widened: false, roleOptions };
  }
  const wider = deriveRights({ ...input, withoutNames: true });
  rolesOf(wider, roleOptions);
  return { rights: wider, widened: true, roleOptions };
}

function fits(rights: Rights, roleOptions: RoleOptions): boolean {
  try {
    rolesOf(rights, roleOptions);
    return true;
  } catch (error) {
    if (error instanceof RightsTooLargeError) {
      return false;
    }
    throw error;
  }
}

function unite(left: Rights, right: Rights): Rights {
  const builder = newRightsBuilder();
  builder.addRights(left);
  builder.addRights(right);
  return builder.build();
}

/** Without the roles in namespaces that are not there: they are made when the namespace comes. */
function existing(roles: DerivedRoles, namespaces: Lister<Namespace>): DerivedRoles {
  const isThere = ({ metadata }: { readonly metadata: { readonly namespace?: string | undefined } }): boolean => {
    const namespace = namespaces.get({ name: metadata.namespace ?? '' });
    return namespace !== undefined && !isDeleting(namespace);
  };
  return { ...roles, roles: roles.roles.filter(isThere), roleBindings: roles.roleBindings.filter(isThere) };
}

const countRules = ({ clusterRoles: cluster, roles }: DerivedRoles): number =>
  [...cluster, ...roles].reduce((sum, { rules = [] }) => sum + rules.length, 0);
