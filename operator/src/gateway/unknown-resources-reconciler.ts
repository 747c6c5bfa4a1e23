import type { Bundle, BundlePolicy } from '@chaperone/crds/bundle/bundle';
import type { Clock } from '@chaperone/crds/client/clock';
import type { Lister } from '@chaperone/crds/client/store';
import type { AgentPolicy } from '@chaperone/crds/v1alpha1/agentpolicy';
import type { EventRecorder } from '../runtime/events.ts';
import type { Reconciler, Result } from '../runtime/reconciler.ts';
import type { ApiResources } from './api-resources.ts';
import type { Discovery } from './discovery.ts';
import { unknownResources, type UnknownResource } from './unknown-resources.ts';

export interface UnknownResourcesReconcilerOptions {
  readonly bundle: () => Bundle | undefined;
  readonly policies: Pick<Lister<AgentPolicy>, 'get'>;
  readonly discovery: Discovery;
  readonly recorder: Pick<EventRecorder, 'event'>;
  readonly clock: Clock;
}

/** Discovery is some dozens of calls: not oftener than this, however fast policies change. */
const DISCOVER_EVERY_MS = 10_000;
const RESYNC_MS = 600_000;
/** Findings in one event. */
const MAX_FINDINGS = 4;

interface Discovered {
  readonly api: ApiResources;
  readonly failedGroups: ReadonlySet<string>;
  readonly at: number;
}

interface Found {
  readonly policy: BundlePolicy;
  readonly findings: readonly UnknownResource[];
}

/** Says of each policy, once, which of its resources nothing serves. They stay in force: what serves them may come. */
export function newUnknownResourcesReconciler(options: UnknownResourcesReconcilerOptions): Reconciler {
  const { bundle, policies, discovery, recorder, clock } = options;
  let discovered: Discovered | undefined;
  /** Findings by uid of their policy, as one text. */
  let told: ReadonlyMap<string, string> = new Map();

  const isNew = ({ policy, findings }: Found): boolean => told.get(policy.uid) !== textOf(findings);

  const findingsIn = ({ policies: all }: Bundle, { api, failedGroups }: Discovered): Found[] =>
    all
      .map((policy) => ({ policy, findings: unknownResources(policy, api, failedGroups) }))
      .filter(({ findings }) => findings.length > 0);

  async function discover(signal: AbortSignal): Promise<Discovered> {
    const { resources: api, failed } = await discovery.read(signal);
    const failedGroups = new Set(failed.map((version) => version.split('/').slice(0, -1).join('/')));
    return (discovered = { api, failedGroups, at: clock.monotonic() });
  }

  return {
    async reconcile(_request, { signal, logger }): Promise<Result> {
      const current = bundle();
      if (current === undefined) {
        return {};
      }
      const known = discovered;
      const ageMs = known === undefined ? Infinity : clock.monotonic() - known.at;
      const isOld = known === undefined || ageMs >= RESYNC_MS;
      let found = findingsIn(current, isOld ? await discover(signal) : known);
      if (!isOld && found.some(isNew)) {
        // What was read some time ago says nothing of a kind that came since.
        if (ageMs < DISCOVER_EVERY_MS) {
          return { requeueAfterMs: DISCOVER_EVERY_MS - ageMs };
        }
        found = findingsIn(current, await discover(signal));
      }
      for (const { policy, findings } of found) {
        const object = policies.get({ name: policy.name });
        if (isNew({ policy, findings }) && object?.metadata.uid === policy.uid) {
          recorder.event(object, {
            type: 'Warning',
            reason: 'UnknownResource',
            action: 'CheckResources',
            note: textOf(findings),
          });
          logger.warn('A policy names resources that nothing serves', {
            policy: policy.name,
            findings: findings.length,
          });
        }
      }
      told = new Map(found.map(({ policy, findings }) => [policy.uid, textOf(findings)]));
      return { requeueAfterMs: RESYNC_MS };
    },
  };
}

function textOf(findings: readonly UnknownResource[]): string {
  const more = findings.length > MAX_FINDINGS ? `; and ${findings.length - MAX_FINDINGS} more` : '';
  return `${findings
    .slice(0, MAX_FINDINGS)
    .map(({ path, detail }) => `${path}: ${detail}`)
    .join('; ')}${more}`;
}
