import { checkpointSchema } from '../checkpoint.ts';
import { registryHash, registrySchema } from '@chaperone/crds/audit/registry';
import { ECS_VERSION, type DocumentContext, type ElasticsearchDocument } from './document.ts';
import { pruned } from './pruned.ts';

export const CHECKPOINT_DATASET = 'chaperone.checkpoint';

/** A document and the id that it is created under, once. */
export interface IdentifiedDocument {
  readonly id: string;
  readonly document: ElasticsearchDocument;
}

/**
 * A writer's checkpoint; `event.original` is its text, whose signature is checked. @throws where the text is none
 */
export function checkpointDocument(original: string, ingested: string, context: DocumentContext): IdentifiedDocument {
  const checkpoint = checkpointSchema.parse(JSON.parse(original));
  const { writer, number, kind, firstSequence, lastSequence, count, chain, time, keyId, adopter } = checkpoint;
  return {
    id: `${writer}:checkpoint:${number}`,
    document: common({ original, ingested, time, action: kind }, context, {
      checkpoint: {
        writer,
        number,
        kind,
        first_sequence: firstSequence,
        last_sequence: lastSequence,
        count,
        chain,
        key: keyId,
        adopter,
      },
    }),
  };
}

/** A registry of writers, signed by another key than theirs. @throws where the text is none */
export function registryDocument(original: string, ingested: string, context: DocumentContext): IdentifiedDocument {
  const registry = registrySchema.parse(JSON.parse(original));
  const { number, time, writers, keyId } = registry;
  return {
    // By its hash, signature and all: nobody can know the id before and put another document in its place.
    id: `registry:${number}:${registryHash(registry)}`,
    document: common({ original, ingested, time, action: 'Registry' }, context, {
      registry: { number, key: keyId, writers: writers.map(({ writer }) => writer) },
    }),
  };
}

interface Facts {
  readonly original: string;
  readonly ingested: string;
  readonly time: string;
  readonly action: string;
}

function common(
  { original, ingested, time, action }: Facts,
  { cluster: { name, id }, namespace }: DocumentContext,
  chaperone: Record<string, unknown>,
): ElasticsearchDocument {
  return pruned({
    event: {
      ingested,
      kind: 'state',
      dataset: CHECKPOINT_DATASET,
      action,
      category: ['configuration'],
      type: ['info'],
      original,
    },
    '@timestamp': time,
    ecs: { version: ECS_VERSION },
    data_stream: { type: 'logs', dataset: CHECKPOINT_DATASET, namespace },
    tags: ['preserve_original_event'],
    orchestrator: { type: 'kubernetes', cluster: { name, id } },
    chaperone,
  });
}
