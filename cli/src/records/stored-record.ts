import { z } from 'zod';

/** A record as a store of records has it. */
export interface StoredRecord {
  readonly writer: string;
  readonly sequence: number;
  readonly previousChain: string;
  readonly chain: string;
  /** The text that was hashed; undefined where the store has only what could be indexed of it. */
  readonly original: string | undefined;
  readonly facts: RecordFacts;
}

const text = z.string().optional().catch(undefined);
const texts = z.array(z.string()).optional().catch(undefined);
const number = z.number().optional().catch(undefined);
const named = z.record(z.string(), z.string()).optional().catch(undefined);

const bodyFacts = z.object({ bytes: number, mediaType: text, sha256: text, text, omitted: text }).optional();

/** What of a record of a call is shown or searched for. Another version's may lack any of it. */
const callSchema = z.object({
  kind: z.literal('Event'),
  level: text,
  auditID: z.string().catch(''),
  stage: text,
  requestURI: text,
  verb: text,
  user: z
    .object({
      username: text,
      uid: text,
      groups: texts,
      extra: z.record(z.string(), z.array(z.string())).optional().catch(undefined),
    })
    .catch({}),
  sourceIPs: texts,
  userAgent: text,
  objectRef: z
    .object({
      resource: text,
      namespace: text,
      name: text,
      uid: text,
      apiGroup: text,
      apiVersion: text,
      resourceVersion: text,
      subresource: text,
    })
    .optional()
    .catch(undefined),
  responseStatus: z.object({ code: number, status: text, reason: text, message: text }).optional().catch(undefined),
  requestReceivedTimestamp: z.string().catch(''),
  stageTimestamp: z.string().catch(''),
  annotations: named,
  chaperone: z
    .object({
      method: text,
      judgedVerb: text,
      outcome: text,
      policy: z
        .object({
          verdict: text,
          revision: text,
          name: text,
          rule: text,
          generation: number,
          cause: text,
          reason: text,
          unknown: texts,
          failedExpressions: texts,
        })
        .optional()
        .catch(undefined),
      dryRun: z.object({ verdict: text, policy: text, rule: text }).optional().catch(undefined),
      run: named,
      issuer: text,
      declared: named,
      refusal: text,
      endedBy: text,
      timing: z.object({ totalMs: number, policyMs: number, upstreamMs: number }).optional().catch(undefined),
      request: bodyFacts.catch(undefined),
      response: bodyFacts.catch(undefined),
      masking: z.record(z.string(), z.number()).optional().catch(undefined),
      approval: text,
      stream: z.object({ events: number, bytes: number }).optional().catch(undefined),
      writtenBy: text,
      gateway: z.object({ replica: text, version: text }).optional().catch(undefined),
    })
    .catch({}),
});

/** Of the gateway itself: that it started, or loaded policies. */
const gatewaySchema = z.object({
  kind: z.literal('GatewayEvent'),
  type: z.string().catch(''),
  time: z.string().catch(''),
  message: z.string().catch(''),
  facts: z
    .record(z.string(), z.union([z.string(), z.number()]))
    .optional()
    .catch(undefined),
  chaperone: z
    .object({ gateway: z.object({ replica: text, version: text }) })
    .optional()
    .catch(undefined),
});

const factsSchema = z.discriminatedUnion('kind', [callSchema, gatewaySchema]);

export type CallFacts = Readonly<z.output<typeof callSchema>>;
export type RecordFacts = Readonly<z.output<typeof factsSchema>>;

/** What a record says; undefined for what is no record. */
export const readFacts = (value: unknown): RecordFacts | undefined => factsSchema.safeParse(value).data;

/** What a record's text says; undefined where it is no record's. */
export function readOriginal(original: string): RecordFacts | undefined {
  try {
    return readFacts(JSON.parse(original));
  } catch {
    return undefined;
  }
}

/** When the call came in, or the event happened: RFC 3339. */
export const timeOf = (facts: RecordFacts): string =>
  facts.kind === 'Event' ? facts.requestReceivedTimestamp : facts.time;

/** The same in whole milliseconds since the epoch, which is all that Elasticsearch sorts by; 0 where it is no time. */
export function momentOf(facts: RecordFacts): number {
  const moment = Date.parse(timeOf(facts));
  return Number.isNaN(moment) ? 0 : moment;
}
