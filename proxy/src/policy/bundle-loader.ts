import { BUNDLE_HEAD, parseBundleHead, parseBundlePart, partName } from '@chaperone/crds/bundle/configmaps';
import { decodeBundle } from '@chaperone/crds/bundle/decode';
import { sleep, type Clock } from '@chaperone/crds/client/clock';
import type { Informer } from '@chaperone/crds/client/informer';
import type { ConfigMap } from '@chaperone/crds/client/kinds';
import type { Lister } from '@chaperone/crds/client/store';
import type { ResourceClient } from '@chaperone/crds/client/resource-client';
import type { Fingerprint } from '../masking/engine/mask-leaf.ts';
import { compileBundle, type CompiledBundle } from './compiled-bundle.ts';

/** The policies in force: whole, or the ones before. */
export interface BundleLoader {
  /** Undefined before the first has been loaded. */
  current(): CompiledBundle | undefined;
  /**
   * Milliseconds since the API server last confirmed that the bundle in force is the one to be in force. While all is well
   * it stays below how long a watch of the head lasts; it grows while the head is gone, or names what cannot be loaded.
   */
  stalenessMs(): number | undefined;
  /** Why what the head names is not in force; undefined while it is. */
  lastError(): unknown;
  /** Called after each bundle that has come into force. */
  onLoaded(listener: (bundle: CompiledBundle) => void): void;
  /** Loads what the head names, and what it names from then on, until the signal aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

export type BundleLoaded =
  | { readonly kind: 'Loaded'; readonly revision: string; readonly rules: number; readonly durationMs: number }
  | { readonly kind: 'NotLoaded'; readonly error: unknown };

export interface BundleLoaderOptions {
  /** Of the head alone. */
  readonly heads: Pick<Informer<ConfigMap>, 'addHandler' | 'stalenessMs'> & {
    readonly lister: Pick<Lister<ConfigMap>, 'get'>;
  };
  readonly configMaps: Pick<ResourceClient<ConfigMap>, 'get'>;
  readonly namespace: string;
  readonly clock: Clock;
  /** Of values that MaskingRules have fingerprinted. */
  readonly fingerprint?: Fingerprint;
  readonly observe?: (event: BundleLoaded) => void;
}

const RETRY_MS = 500;

export function newBundleLoader(options: BundleLoaderOptions): BundleLoader {
  const { heads, configMaps, namespace, clock, observe } = options;
  const listeners = new Set<(bundle: CompiledBundle) => void>();
  let current: CompiledBundle | undefined;
  let failure: unknown;
  /** Since when the head has not named the bundle in force, on the monotonic clock. */
  let differsSince: number | undefined;
  let wake: () => void = () => undefined;

  const headData = (): ConfigMap['data'] => heads.lister.get({ name: BUNDLE_HEAD, namespace })?.data;

  function compare(): void {
    if (headData()?.['revision'] === current?.revision) differsSince = undefined;
    else differsSince ??= clock.monotonic();
  }

  async function load(signal: AbortSignal): Promise<void> {
    const data = headData();
    // A head that is gone takes no policy away: the operator writes it anew, and for a bounded time the last one stands.
    if (data === undefined) return;
    const head = parseBundleHead(data);
    if (head.revision === current?.revision) return;
    const started = clock.monotonic();
    const parts = await Promise.all(
      head.parts.map(async (hash) => {
        const { binaryData } = await configMaps.get({ name: partName(hash), namespace }, { signal });
        return parseBundlePart(hash, binaryData);
      }),
    );
    const bundle = compileBundle(decodeBundle(head.revision, parts), options.fingerprint);
    current = bundle;
    compare();
    observe?.({
      kind: 'Loaded',
      revision: bundle.revision,
      rules: bundle.rules.length,
      durationMs: clock.monotonic() - started,
    });
    for (const listener of listeners) listener(bundle);
  }

  return {
    current: () => current,
    stalenessMs() {
      const unheard = heads.stalenessMs();
      if (unheard === undefined || differsSince === undefined) return unheard;
      // What the head should name may deny what the bundle in force allows.
      return Math.max(unheard, clock.monotonic() - differsSince);
    },
    lastError: () => failure,
    onLoaded: (listener) => void listeners.add(listener),
    async run(signal) {
      let changed = true;
      const notice = (): void => {
        compare();
        changed = true;
        wake();
      };
      const remove = heads.addHandler(notice);
      signal.addEventListener('abort', notice, { once: true });
      while (!signal.aborted) {
        if (!changed) await new Promise<void>((resolve) => (wake = resolve));
        if (signal.aborted) break;
        changed = false;
        try {
          await load(signal);
          failure = undefined;
        } catch (error) {
          if (signal.aborted) break;
          failure = error;
          observe?.({ kind: 'NotLoaded', error });
          changed = true;
          // Parts that are being swept, or an API server that is away: what is in force stays so meanwhile.
          await sleep(clock, RETRY_MS, signal);
        }
      }
      remove();
    },
  };
}
