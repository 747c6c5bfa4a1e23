import type { BundleMaskingRule, BundlePolicy } from '@chaperone/crds/bundle/bundle';
import { encodeBundle, type EncodedBundle } from '@chaperone/crds/bundle/encode';
import type { Clock } from '@chaperone/crds/client/clock';
import type { KubernetesObject, Stored } from '@chaperone/crds/client/kubernetes-object';
import type { ResourceClient } from '@chaperone/crds/client/resource-client';
import type { Lister } from '@chaperone/crds/client/store';
import type { AgentPolicy } from '@chaperone/crds/v1alpha1/agentpolicy';
import type { MaskingRule } from '@chaperone/crds/v1alpha1/maskingrule';
import type { ReconcileContext, Reconciler, Request, Result } from '../runtime/reconciler.ts';
import { chooseAcceptedSet, entriesByUid, laterEntries, type AcceptedSet, type EntriesByUid } from './accepted-set.ts';
import type { BundleWriter } from './bundle-writer.ts';
import type { ChangeClock } from './change-clock.ts';
import type { CompileCache } from './compile-cache.ts';
import type { PartSweeper } from './part-sweeper.ts';
import type { PolicyMetrics } from './policy-metrics.ts';
import type { PublishedBundlesRecord } from './published-bundles.ts';
import type { VerdictsRecord } from './verdicts.ts';

/** The one key of the controller: every policy goes into one bundle. */
export const BUNDLE_REQUEST: Request = { name: 'bundle' };

/** Another writer wrote the head before each of several attempts: it is left alone for a while. */
export class BundleContendedError extends Error {
  override readonly name = 'BundleContendedError';
  readonly code = 'ERR_BUNDLE_CONTENDED';
}

/** One kind that the bundle is made of: as the watch has it, as etcd has it, and compiled. */
export interface BundleSource<Entry extends BundlePolicy | BundleMaskingRule, T extends KubernetesObject> {
  readonly lister: Lister<T>;
  readonly api: Pick<ResourceClient<T>, 'list'>;
  readonly cache: CompileCache<Entry, T>;
}

export interface BundleReconcilerOptions {
  readonly policies: BundleSource<BundlePolicy, AgentPolicy>;
  readonly maskingRules: BundleSource<BundleMaskingRule, MaskingRule>;
  readonly writer: BundleWriter;
  readonly sweeper: PartSweeper;
  readonly published: PublishedBundlesRecord;
  readonly verdicts: VerdictsRecord;
  readonly metrics: PolicyMetrics;
  readonly clock: Clock;
  /** Bytes of canonical JSON that all policies and masking rules together may take. */
  readonly maxBytes: number;
  readonly changes: ChangeClock;
  /** Called when everything is decided, and when it could not be published. */
  readonly onDecided: () => void;
}

interface Objects {
  readonly policies: readonly Stored<AgentPolicy>[];
  readonly maskingRules: readonly Stored<MaskingRule>[];
}

/** Others that write the head must not do so faster than it can be read. */
const MAX_ATTEMPTS = 4;
/** How soon it is looked again whether the watches have caught up with what was listed. */
const CATCH_UP_MS = 1_000;

/**
 * Brings the bundle in line with the policies, from whatever state it finds: nothing, half a bundle of a killed process,
 * another operator's, or one that was edited by hand.
 */
export function newBundleReconciler(options: BundleReconcilerOptions): Reconciler {
  const { policies, maskingRules, writer, sweeper, published, verdicts, metrics, clock, changes } = options;
  /** Last accepted generations, of this process and of what it read. */
  let inForce: EntriesByUid = { policies: new Map(), maskingRules: new Map() };
  /**
   * Set where somebody else wrote the head: their operator may know more than our watches, which can be behind. What is
   * listed from etcd after the head was read is no older than what their bundle was made from.
   */
  let listing = false;
  let last: { readonly set: AcceptedSet; readonly encoded: EncodedBundle } | undefined;

  async function readHead({ signal, logger }: ReconcileContext): Promise<void> {
    if (writer.isCurrent()) {
      return;
    }
    const { bundle, problem, foreign, head } = await writer.load(signal);
    if (!foreign) {
      return;
    }
    listing = true;
    if (problem !== undefined) {
      logger.error('The stored bundle cannot be read and is written anew', {
        error: problem,
        earlierRevision: bundle?.revision ?? '',
      });
    }
    if (bundle !== undefined) {
      inForce = laterEntries(inForce, entriesByUid(bundle));
      if (problem === undefined) {
        published.record(bundle, false);
      }
    }
    logger.info('Read the bundle in force', { revision: bundle?.revision ?? '', found: head !== undefined });
  }

  async function readObjects(signal: AbortSignal): Promise<Objects> {
    if (!listing) {
      return { policies: policies.lister.list(), maskingRules: maskingRules.lister.list() };
    }
    const objects = {
      policies: (await policies.api.list({ signal })).items,
      maskingRules: (await maskingRules.api.list({ signal })).items,
    };
    listing = !(
      hasCaughtUp(policies.lister, objects.policies) && hasCaughtUp(maskingRules.lister, objects.maskingRules)
    );
    return objects;
  }

  async function decide(signal: AbortSignal): Promise<{ set: AcceptedSet; encoded: EncodedBundle }> {
    const objects = await readObjects(signal);
    const set = chooseAcceptedSet({
      policies: await policies.cache.candidates(objects.policies, signal),
      maskingRules: await maskingRules.cache.candidates(objects.maskingRules, signal),
      inForce,
      maxBytes: options.maxBytes,
    });
    // Entries are the same objects for as long as their generation is, so an unchanged set is encoded once.
    const unchanged =
      last !== undefined &&
      isSameList(last.set.policies, set.policies) &&
      isSameList(last.set.maskingRules, set.maskingRules);
    const encoded = unchanged ? last?.encoded : undefined;
    last = { set, encoded: encoded ?? encodeBundle(set.policies, set.maskingRules) };
    return last;
  }

  async function publish(context: ReconcileContext): Promise<boolean> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      await readHead(context);
      const { set, encoded } = await decide(context.signal);
      const outcome = await writer.publish(encoded, context.signal);
      if (outcome === 'conflict') {
        metrics.wrote('conflict');
        continue;
      }
      inForce = entriesByUid(set);
      published.record(encoded.bundle, outcome === 'published');
      verdicts.decided(set.verdicts);
      tell(set, encoded, context);
      if (outcome === 'published') {
        metrics.wrote('published');
      }
      return outcome === 'published';
    }
    throw new BundleContendedError('The head of the bundle is written by somebody else all the time');
  }

  function tell(set: AcceptedSet, { bundle, parts }: EncodedBundle, { logger }: ReconcileContext): void {
    const stored = parts.reduce((sum, part) => sum + part.bytes.length, 0);
    metrics.inForce({
      revision: bundle.revision,
      rules: bundle.policies.reduce((sum, { spec }) => sum + spec.rules.length, 0),
      bytes: { serialized: set.bytes, stored },
    });
    logger.debug('The bundle is in force', { revision: bundle.revision, parts: parts.length, stored });
  }

  return {
    async reconcile(_request, context): Promise<Result> {
      const firstChange = changes.take();
      try {
        if ((await publish(context)) && firstChange !== undefined) {
          metrics.published((clock.monotonic() - firstChange) / 1_000);
        }
      } catch (error) {
        metrics.wrote('failed');
        changes.giveBack(firstChange);
        verdicts.failed();
        options.onDecided();
        throw error;
      }
      options.onDecided();
      // Whoever is not sure which head is in force does not know which parts it needs.
      const sweepAgain = writer.isCurrent() ? await sweeper.sweep(writer.referenced(), context.signal) : CATCH_UP_MS;
      const again = [sweepAgain, listing ? CATCH_UP_MS : undefined].filter((ms) => ms !== undefined);
      return again.length === 0 ? {} : { requeueAfterMs: Math.min(...again) };
    },
  };
}

/** Does the watch have all that was listed, at that generation or a later one, and nothing that was gone by then? */
function hasCaughtUp<T extends KubernetesObject>(lister: Lister<T>, listed: readonly Stored<T>[]): boolean {
  const watched = new Map(lister.list().map(({ metadata }) => [metadata.uid, metadata.generation ?? 0]));
  return (
    watched.size === listed.length &&
    listed.every(({ metadata }) => (watched.get(metadata.uid) ?? -1) >= (metadata.generation ?? 0))
  );
}

const isSameList = (left: readonly unknown[], right: readonly unknown[]): boolean =>
  left.length === right.length && left.every((item, index) => item === right[index]);
