import { isConflict, isNotFound } from '@chaperone/crds/client/api-error';
import type { KubernetesObject, Stored } from '@chaperone/crds/client/kubernetes-object';
import type { ApplyConfiguration, ResourceClient } from '@chaperone/crds/client/resource-client';
import type { PolicyStatus } from '@chaperone/crds/v1alpha1/generated/api';

/** An AgentPolicy or a MaskingRule, as far as its status is concerned. */
export type ObjectWithStatus = KubernetesObject & { readonly status?: PolicyStatus };

/** Writes the status of objects of one kind as one field manager, and knows what it wrote before the watch does. */
export interface StatusWriter<T extends ObjectWithStatus> {
  /** What this process wrote on top of this version of the object; else what the version says. */
  statusOf(object: Stored<T>): PolicyStatus | undefined;
  /**
   * Server-side apply. False where there is nothing to write to any more: the object is gone, or another has its name, and
   * the watch brings what there is now.
   */
  apply(object: Stored<T>, configuration: ApplyConfiguration<T>, signal: AbortSignal): Promise<boolean>;
}

export interface StatusWriterOptions<T extends ObjectWithStatus> {
  readonly api: Pick<ResourceClient<T>, 'apply'>;
  readonly fieldManager: string;
}

/** Most objects whose last write is remembered until the watch brings it. */
const MAX_REMEMBERED = 4_096;

export function newStatusWriter<T extends ObjectWithStatus>(options: StatusWriterOptions<T>): StatusWriter<T> {
  const { api, fieldManager } = options;
  /** By uid: what a write was based on and what came of it. */
  const written = new Map<string, { readonly basedOn: string; readonly status: PolicyStatus | undefined }>();

  function remember({ metadata }: Stored<T>, status: PolicyStatus | undefined): void {
    written.delete(metadata.uid);
    written.set(metadata.uid, { basedOn: metadata.resourceVersion, status });
    const [oldest] = written.keys();
    if (written.size > MAX_REMEMBERED && oldest !== undefined) {
      written.delete(oldest);
    }
  }

  return {
    statusOf({ metadata, status }) {
      const own = written.get(metadata.uid);
      return own?.basedOn === metadata.resourceVersion ? own.status : status;
    },
    async apply(object, configuration, signal) {
      try {
        const stored = await api.apply(configuration, { subresource: 'status', fieldManager, force: true, signal });
        remember(object, stored.status);
        return true;
      } catch (error) {
        if (isNotFound(error) || isConflict(error)) {
          return false;
        }
        throw error;
      }
    },
  };
}
