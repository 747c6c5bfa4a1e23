import {
  recordBody as realRecordBody,
  type RecordBodyOptions,
  type RecordedBody,
} from '@chaperone/proxy/audit/recorded-body';

export type * from '@chaperone/proxy/audit/recorded-body';

/** Records a body as it is; what cannot be read, or is cut, by its bytes. */
export async function recordBody(options: RecordBodyOptions): Promise<RecordedBody> {
  const recorded = await realRecordBody(options);
  const { facts } = recorded;
  if (facts.omitted === undefined) return recorded;
  return { ...recorded, facts: { ...facts, text: options.capture.kept().toString('base64') } };
}
