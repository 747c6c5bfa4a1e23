import { eventHash } from '@chaperone/proxy/audit/chain';
import type { FoundRecord } from '@chaperone/proxy/audit/verify/writer-check';
import { z } from 'zod';
import { readFacts, readOriginal, type StoredRecord } from '../records/stored-record.ts';

/** All that is read of a record's document. */
export const RECORD_FIELDS = [
  '@timestamp',
  'event.action',
  'event.hash',
  'event.original',
  'event.sequence',
  'chaperone.integrity',
  'chaperone.reduced',
  'kubernetes.audit.auditID',
  'kubernetes.audit.verb',
  'kubernetes.audit.stage',
  'kubernetes.audit.requestURI',
  'kubernetes.audit.user.username',
  'kubernetes.audit.objectRef',
] as const;

const documentSchema = z.object({
  '@timestamp': z.string().catch(''),
  event: z.object({
    action: z.string().optional(),
    hash: z.string(),
    original: z.string().optional(),
    sequence: z.number(),
  }),
  chaperone: z.object({
    reduced: z.string().optional(),
    integrity: z.object({ writer: z.string(), chain: z.string(), previous_chain: z.string() }),
  }),
  kubernetes: z.object({ audit: z.record(z.string(), z.unknown()) }).optional(),
});

/** A record's document, read; undefined where it lacks what every one has. */
export type FoundDocument = z.output<typeof documentSchema>;

export const readDocument = (source: unknown): FoundDocument | undefined => documentSchema.safeParse(source).data;

/** What is hashed is what is told of, where the document has it: fields beside it can be changed and nobody sees it. */
export function storedRecord(document: FoundDocument, withText: boolean): StoredRecord | undefined {
  const { event, chaperone } = document;
  const { original } = event;
  const facts = original === undefined ? reducedFacts(document) : readOriginal(original);
  if (facts === undefined) return undefined;
  const { writer, chain, previous_chain: previousChain } = chaperone.integrity;
  return { writer, sequence: event.sequence, previousChain, chain, original: withText ? original : undefined, facts };
}

/** Of a record whose text Elasticsearch refused: what could be indexed of it. */
function reducedFacts({ kubernetes, event, '@timestamp': time }: FoundDocument) {
  return kubernetes === undefined
    ? readFacts({ kind: 'GatewayEvent', type: event.action, time })
    : readFacts({ ...kubernetes.audit, kind: 'Event', requestReceivedTimestamp: time });
}

/** The record to be checked; undefined where its text is elsewhere. */
export function foundRecord({ event, chaperone }: FoundDocument, place: string): FoundRecord | undefined {
  if (event.original === undefined) return undefined;
  const { writer, chain, previous_chain: previousChain } = chaperone.integrity;
  return { writer, sequence: event.sequence, previousChain, chain, original: event.original, place };
}

/** Whether the hash beside the text is that of the text. */
export const hasOwnHash = ({ event }: FoundDocument): boolean =>
  event.original === undefined || eventHash(event.original) === event.hash;
