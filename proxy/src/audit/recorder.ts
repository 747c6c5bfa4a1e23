import type { Clock } from '@chaperone/crds/client/clock';
import type { PermittedCall } from '../call/call.ts';
import type { CallReport } from '../call/call-report.ts';
import type { RequestAttributes } from '../request/request-attributes.ts';
import { headerOf } from '../upstream/response-headers.ts';
import { CallValues } from '../masking/engine/call-values.ts';
import type { CompiledMasking, MaskedCall, Masking } from '../masking/engine/masking.ts';
import { maskMessage } from '../masking/answer/mask-message.ts';
import { addCounts, maskText } from '../masking/text/mask-text.ts';
import { newBodyCapture, type BodyCapture, type CaptureBudget } from './body-capture.ts';
import type { BodyFacts, CallEvent, GatewayEvent, GatewayEventType, GatewayFacts } from './record/audit-event.ts';
import { callRecord, levelOf, type RecordedBodies } from './record/call-record.ts';
import { microTime, recordText, type RecordBodies } from './record/record-text.ts';
import { NOBODY } from './masked-names.ts';
import { maskRequestLine, type MaskedRequestLine } from './request-line.ts';
import { recordBody, type RecordBodyOptions, type RecordedBody } from './recorded-body.ts';
import { newStrangerRecords } from './stranger-records.ts';
import type { WriteAheadLog } from './wal/write-ahead-log.ts';

/** Follows a call that has been permitted, as far as its level of recording asks for. */
export interface Recording {
  /** The body of the request, whole, as it is sent. */
  sent(body: Buffer): void;
  /** What takes the body of the request as it passes; undefined where none of it is recorded. */
  sending(): BodyCapture | undefined;
  /** The answer has begun. Returns what takes its body; undefined where none of it is recorded. */
  answered(status: number, headers: readonly string[]): BodyCapture | undefined;
}

export interface Recorder {
  follow(call: PermittedCall, report: CallReport): Recording;
  /** The call has ended, answered or refused; its record is written. Never throws. */
  ended(report: CallReport, error: unknown): void;
  /** What happened to the gateway itself. */
  tell(type: GatewayEventType, message: string, facts?: GatewayEvent['facts']): void;
  /** What came from there was no call, and was answered with this status. */
  unreadable(status: string, clientAddress: string): void;
  /** Resolves when all that has ended is in the log. Calls that end later may be left out of sums. */
  settled(): Promise<void>;
}

export interface RecorderOptions {
  readonly log: Pick<WriteAheadLog, 'appendRecord' | 'closeUnrecorded'>;
  readonly clock: Clock;
  readonly gateway: GatewayFacts;
  /** Of the bundle in force: calls that were refused before they were judged are masked by its rules, too. */
  readonly masking: () => CompiledMasking;
  readonly budget: CaptureBudget;
  /** Of the text of one body. */
  readonly bodyBytes: number;
  /** Records of calls that are refused before anybody knows whose they are. */
  readonly strangersPerSecond: number;
  /** Whether such calls have to leave the log to others. */
  readonly isCrowded: () => boolean;
  /** A record was not written: its call ends as one whose outcome nobody knows. */
  readonly failed: (error: unknown) => void;
}

/** Of an answer that is cut off anyway, or one that comes piece by piece, so much is captured. */
const STREAM_BYTES = 64 * 1024;

/** A list is told by its first objects. */
const LIST_BYTES = 256 * 1024;

/** What is followed of one call. */
interface Followed {
  readonly masking: Masking;
  readonly values: CallValues;
  request: BodyCapture | undefined;
  response: BodyCapture | undefined;
  contentType: string | undefined;
  contentEncoding: string | undefined;
}

/** Builds the record of every call from what was captured of it, and appends it to the log. */
export function newRecorder(options: RecorderOptions): Recorder {
  const { log, clock, gateway, budget, bodyBytes, failed } = options;
  const followed = new WeakMap<CallReport, Followed>();
  const pending = new Set<Promise<void>>();

  const masked = (report: CallReport): Masking => report.masking ?? options.masking().maskingOf(maskedCall(report));

  const wants = (report: CallReport, level: 'Request' | 'RequestResponse'): boolean => {
    const wanted = levelOf(report);
    return wanted === 'RequestResponse' || wanted === level;
  };

  function follow(call: PermittedCall, report: CallReport): Recording {
    const { attributes } = call;
    const entry: Followed = {
      masking: masked(report),
      values: new CallValues(),
      request: undefined,
      response: undefined,
      contentType: undefined,
      contentEncoding: undefined,
    };
    followed.set(report, entry);
    return {
      sent(body) {
        if (!wants(report, 'Request')) return;
        entry.request = newBodyCapture(budget, Number.POSITIVE_INFINITY);
        entry.request.push(body);
      },
      sending() {
        if (wants(report, 'Request')) entry.request = newBodyCapture(budget, bodyBytes);
        return entry.request;
      },
      answered(status, headers) {
        report.status = status;
        entry.contentType = headerOf(headers, 'content-type');
        entry.contentEncoding = headerOf(headers, 'content-encoding');
        if (attributes.longRunning && levelOf(report) !== 'None') started(report, entry);
        if (!wants(report, 'RequestResponse')) return undefined;
        entry.response = newBodyCapture(budget, captureBytes(attributes, bodyBytes));
        return entry.response;
      },
    };
  }

  /** A call that lasts is on record from the moment on that its answer begins. */
  function started(report: CallReport, entry: Followed): void {
    const line = maskRequestLine(report, entry.masking, entry.values);
    try {
      write(report, 'ResponseStarted', undefined, line, { bodies: { masking: line.counts } });
    } catch (error) {
      failed(error);
    }
  }

  async function complete(report: CallReport, error: unknown): Promise<void> {
    const entry = followed.get(report);
    const masking = entry?.masking ?? masked(report);
    const values = entry?.values ?? new CallValues();
    try {
      const { request, response } = await recordBodies(report, entry, values);
      // After the bodies: what they held is found in the request line, too.
      const line = maskRequestLine(report, masking, values);
      const refusal = refusalOf(report, masking, values);
      const answer = refusal ?? response;
      write(report, 'ResponseComplete', error, line, {
        bodies: {
          masking: sum(line.counts, request.counts, response.counts),
          request: factsOf(request),
          response: factsOf(response),
          object: { ...request.reference, ...response.reference },
          status: answer.status,
        },
        requestObject: request.object,
        responseObject: wants(report, 'RequestResponse') ? answer.object : undefined,
      });
    } finally {
      entry?.request?.release();
      entry?.response?.release();
    }
  }

  /** In their order: what a request held is found again in its answer. */
  async function recordBodies(report: CallReport, entry: Followed | undefined, values: CallValues) {
    if (entry === undefined) return { request: NO_BODY, response: NO_BODY };
    const common = { masker: entry.masking.audit, values, maximumBytes: bodyBytes };
    const request = await recordCaptured(entry.request, {
      ...common,
      contentType: report.headers?.contentType,
      contentEncoding: undefined,
      isWatch: false,
      requestDecoded: true,
    });
    const response = await recordCaptured(entry.response, {
      ...common,
      contentType: entry.contentType,
      contentEncoding: entry.contentEncoding,
      isWatch: report.attributes?.verb === 'watch' && report.status === 200,
      requestDecoded: request.decoded,
    });
    return { request, response };
  }

  function write(
    report: CallReport,
    stage: CallEvent['stage'],
    error: unknown,
    line: MaskedRequestLine,
    { bodies, ...objects }: RecordBodies & { readonly bodies: RecordedBodies },
  ): void {
    const { attributes } = line;
    const record = callRecord({
      report: attributes === undefined ? report : { ...report, attributes },
      stage,
      error,
      line,
      bodies,
      now: clock.now(),
      totalMs: clock.monotonic() - report.started,
      gateway,
    });
    const closes = stage === 'ResponseComplete' && report.intent === true;
    log.appendRecord({ auditID: report.auditID, closes, original: recordText(record, objects) });
  }

  /** Whether it is on its way to the log. */
  function tell(type: GatewayEventType, message: string, facts?: GatewayEvent['facts']): boolean {
    const event: GatewayEvent = {
      kind: 'GatewayEvent',
      apiVersion: 'chaperone.dev/v1alpha1',
      type,
      time: microTime(clock.now()),
      message,
      ...(facts === undefined ? {} : { facts }),
      chaperone: { gateway },
    };
    try {
      log.appendRecord({ auditID: '', closes: false, original: recordText(event) });
      return true;
    } catch (error) {
      failed(error);
      return false;
    }
  }

  const strangers = newStrangerRecords({
    clock,
    perSecond: options.strangersPerSecond,
    isCrowded: options.isCrowded,
    tell,
  });

  return {
    follow,
    ended(report, error) {
      if (report.identity === undefined && !strangers.admits(report)) return;
      // Only of what was plainly allowed, and only reads: a refusal or a failure of the gateway is on record all the same.
      if (levelOf(report) === 'None' && error === undefined) {
        if (report.intent === true) log.closeUnrecorded(report.auditID);
        return;
      }
      const job = complete(report, error).catch(failed);
      pending.add(job);
      void job.then(() => pending.delete(job));
    },
    tell: (type, message, facts) => void tell(type, message, facts),
    unreadable: strangers.unreadable,
    async settled() {
      strangers.close();
      while (pending.size > 0) await Promise.all(pending);
    },
  };
}

function captureBytes({ verb, longRunning }: RequestAttributes, bodyBytes: number): number {
  if (longRunning) return Math.min(STREAM_BYTES, bodyBytes);
  return verb === 'list' ? Math.min(LIST_BYTES, bodyBytes) : bodyBytes;
}

const NO_BODY: RecordedBody = { facts: { bytes: 0 }, counts: new Map(), decoded: true };

const factsOf = ({ facts }: RecordedBody): BodyFacts | undefined => (facts.bytes === 0 ? undefined : facts);

async function recordCaptured(
  capture: BodyCapture | undefined,
  options: Omit<RecordBodyOptions, 'capture'>,
): Promise<RecordedBody> {
  return capture === undefined ? NO_BODY : recordBody({ ...options, capture });
}

const maskedCall = ({ attributes, identity }: CallReport): MaskedCall => ({
  apiGroup: attributes?.apiGroup ?? '',
  resource: attributes?.resource ?? '',
  subresource: attributes?.subresource ?? '',
  namespace: attributes?.namespace ?? '',
  identity: identity ?? NOBODY,
});

/** The answer that the gateway wrote by itself. */
function refusalOf({ refusal, decision }: CallReport, masking: Masking, values: CallValues) {
  if (refusal === undefined) return undefined;
  const { finder, replace } = masking.audit.text(values);
  const masked = (text: string): string => maskText(text, finder, replace).text;
  const message = masked(withoutQuotes(refusal.message, decision, masking));
  const { status, reason, details } = refusal;
  const named = details?.name === undefined ? {} : { details: { ...details, name: masked(details.name) } };
  return { status: { status, reason, message }, object: JSON.stringify({ ...refusal, message, ...named }) };
}

/** What the API server said of a look at an object quotes what no body of the call was recorded of. */
function withoutQuotes(message: string, decision: CallReport['decision'], { audit }: Masking): string {
  if (decision?.verdict !== 'Deny' || decision.lookupRefusal === undefined) return message;
  return message.replaceAll(decision.lookupRefusal, () => maskMessage(decision.lookupRefusal ?? '', audit));
}

function sum(...counts: readonly (ReadonlyMap<string, number> | undefined)[]): ReadonlyMap<string, number> {
  const total = new Map<string, number>();
  for (const some of counts) if (some !== undefined) addCounts(total, some);
  return total;
}
