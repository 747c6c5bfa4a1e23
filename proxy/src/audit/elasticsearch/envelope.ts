import type { AuditRecord } from '../record/audit-event.ts';
import {
  baseDocument,
  baseEvent,
  integrityFields,
  type DocumentOptions,
  type ElasticsearchDocument,
} from './document.ts';
import { pruned } from './pruned.ts';

/**
 * What is sent of a record whose document was refused. `WithOriginal`: who did what, and the text that was hashed;
 * `WithoutOriginal`: the same without the text, which is then in a dead letter alone.
 */
export type EnvelopeKind = 'WithOriginal' | 'WithoutOriginal';

/**
 * As little as makes a record findable, and its place in the chain known. Texts only, and short ones: whatever it was
 * in the record that Elasticsearch refused is not in here, but as text that is not indexed.
 */
export function envelopeOf(
  record: AuditRecord | undefined,
  kind: EnvelopeKind,
  options: DocumentOptions,
): ElasticsearchDocument {
  const event = { ...baseEvent(options), original: kind === 'WithOriginal' ? options.original : undefined };
  return pruned({
    event: { ...event, ...eventFacts(record) },
    ...baseDocument(options),
    '@timestamp': timeOf(record) ?? options.ingested,
    ...callFacts(record),
    chaperone: { reduced: kind, integrity: integrityFields(options.integrity) },
  });
}

/** Longer ones are no terms anyway. */
const text = (value: string | undefined): string | undefined => value?.slice(0, 1_024).toWellFormed();

function eventFacts(record: AuditRecord | undefined): Record<string, unknown> {
  if (record === undefined) return {};
  return record.kind === 'Event'
    ? { id: text(record.auditID), action: text(record.verb), category: ['configuration'], type: ['info'] }
    : { action: text(record.type) };
}

function callFacts(record: AuditRecord | undefined): Record<string, unknown> {
  if (record?.kind !== 'Event') return {};
  const { user, objectRef } = record;
  return {
    user: { name: text(user.username) },
    kubernetes: {
      audit: {
        auditID: text(record.auditID),
        verb: text(record.verb),
        stage: text(record.stage),
        requestURI: text(record.requestURI),
        user: { username: text(user.username) },
        objectRef: {
          resource: text(objectRef?.resource),
          namespace: text(objectRef?.namespace),
          name: text(objectRef?.name),
          subresource: text(objectRef?.subresource),
        },
      },
    },
  };
}

function timeOf(record: AuditRecord | undefined): string | undefined {
  const time = record?.kind === 'Event' ? record.requestReceivedTimestamp : record?.time;
  return time !== undefined && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3,9}Z$/.test(time) ? time : undefined;
}
