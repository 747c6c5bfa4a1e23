import { parseRegistry, REGISTRY_DATA_KEY, registryHash } from '@chaperone/crds/audit/registry';
import type { Informer } from '@chaperone/crds/client/informer';
import type { ConfigMap } from '@chaperone/crds/client/kinds';
import type { WriteAheadLog } from './wal/write-ahead-log.ts';

export interface RegistryIntakeOptions {
  /** Of the one ConfigMap that holds the registry. */
  readonly registries: Pick<Informer<ConfigMap>, 'addHandler'>;
  readonly log: Pick<WriteAheadLog, 'appendRegistry'>;
  readonly failed: (error: unknown) => void;
}

/**
 * Keeps each registry of writers with the records, so that whoever has these has it, too. Who signed it is for those to
 * check who verify: the key that they trust is none that the gateway could vouch for.
 */
export function keepRegistries({ registries, log, failed }: RegistryIntakeOptions): void {
  let kept: string | undefined;
  registries.addHandler(({ type, object }) => {
    if (type === 'deleted') return;
    const registry = parseRegistry(object.data?.[REGISTRY_DATA_KEY]);
    if (registry === undefined || registryHash(registry) === kept) return;
    try {
      log.appendRegistry(JSON.stringify(registry));
      kept = registryHash(registry);
    } catch (error) {
      // The next one says all that this one does.
      failed(error);
    }
  });
}
