import type { AuditRecord } from './audit-event.ts';

/** Bodies as JSON text that has been checked to be JSON. */
export interface RecordBodies {
  readonly requestObject?: string | undefined;
  readonly responseObject?: string | undefined;
}

/**
 * The record as the one line that is hashed: compact JSON. Bodies go in as the text they are, so that what a number
 * looked like survives and nothing is parsed twice.
 */
export function recordText(record: AuditRecord, { requestObject, responseObject }: RecordBodies = {}): string {
  const text = JSON.stringify(record);
  const bodies =
    (requestObject === undefined ? '' : `,"requestObject":${requestObject}`) +
    (responseObject === undefined ? '' : `,"responseObject":${responseObject}`);
  return bodies === '' ? text : `${text.slice(0, -1)}${bodies}}`;
}

/** A moment as Kubernetes writes one with microseconds. @param milliseconds since the epoch; fractions count */
export function microTime(milliseconds: number): string {
  const whole = Math.floor(milliseconds);
  const micros = Math.floor((milliseconds - whole) * 1_000);
  return `${new Date(whole).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`;
}
