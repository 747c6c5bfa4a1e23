import { newEncoder } from '@chaperone/proxy/audit/elasticsearch/encoder';
import { z } from 'zod';
import type { FoundDocument } from './found-document.ts';

const contextSchema = z.object({
  event: z.object({ ingested: z.string() }),
  data_stream: z.object({ namespace: z.string() }),
  orchestrator: z
    .object({ cluster: z.object({ name: z.string().optional(), id: z.string().optional() }).catch({}) })
    .catch({ cluster: {} }),
});

/**
 * The first field of a document that is not what the gateway makes of the record's text; undefined where all are. What
 * pipelines have added is no difference. The gateway's version has to make documents as this one does.
 */
export function editedField({ event, chaperone }: FoundDocument, source: unknown): string | undefined {
  const context = contextSchema.safeParse(source).data;
  if (context === undefined || event.original === undefined) return 'event.ingested';
  const { writer, chain, previous_chain: previousChain } = chaperone.integrity;
  const { sequence, original } = event;
  const { data_stream: stream, orchestrator } = context;
  const encode = newEncoder({ namespace: stream.namespace, cluster: orchestrator.cluster });
  const tier = chaperone.reduced === undefined ? 'Full' : 'WithOriginal';
  const encoded = encode({ kind: 'Record', writer, sequence, previousChain, chain, original, position: 0 }, tier);
  if (encoded === undefined) return 'event.original';
  const [, head = ''] = encoded.head.split('\n');
  // The moment is a JSON string's content: whatever it holds, it is written as one.
  const moment = JSON.stringify(context.event.ingested).slice(1, -1);
  const expected: unknown = JSON.parse(`${head}${moment}${encoded.tail}`);
  return difference(expected, source, []);
}

function difference(expected: unknown, found: unknown, path: readonly string[]): string | undefined {
  if (typeof expected !== 'object' || expected === null) return expected === found ? undefined : path.join('.');
  if (typeof found !== 'object' || found === null) return path.join('.');
  if (Array.isArray(expected) && (!Array.isArray(found) || found.length !== expected.length)) return path.join('.');
  const values = new Map<string, unknown>(Object.entries(found));
  for (const [key, value] of Object.entries(expected)) {
    const below = difference(value, values.get(key), [...path, key]);
    if (below !== undefined) return below;
  }
  return undefined;
}
