import type { GatewayError } from '../gateway-error.ts';
import { mediaType } from '../masking/codec/media-type.ts';
import type { RequestAttributes } from '../request/request-attributes.ts';
import { statusAnswer } from '../status.ts';
import { headerOf } from '../upstream/response-headers.ts';
import { jsonErrorEvent, protobufErrorEvent } from './error-event.ts';
import { frameBoundary, lineBoundary, type EventBoundary } from './event-boundary.ts';
import { isFollowed, streamKind } from './stream-kind.ts';

/** Knows how an answer that is under way can be ended before the API server ends it. */
export interface AnswerEnd {
  /** Bytes that go to the client. */
  passed(chunk: Buffer): void;
  /**
   * What to write before a clean end; undefined where the connection is to be cut, so that nobody takes what has come
   * for all there is.
   */
  lastWords(why: GatewayError): Buffer | undefined;
}

/** Of an answer, from its status and headers (names and values, alternating). */
export function answerEnd(attributes: RequestAttributes, status: number, headers: readonly string[]): AnswerEnd {
  const encoding = headerOf(headers, 'content-encoding')?.toLowerCase() ?? 'identity';
  if (status !== 200 || encoding !== 'identity') return CUT;
  const type = mediaType(headerOf(headers, 'content-type'));
  const kind = streamKind(attributes);
  switch (kind) {
    case 'watch':
      return watchEnd(attributes, type);
    case 'log':
      return isFollowed(attributes) && type === 'text/plain' ? logEnd(attributes) : CUT;
    case 'exec':
    case 'attach':
    case 'portforward':
    case 'proxy':
    case 'other':
      return CUT;
    default:
      return kind satisfies never;
  }
}

const CUT: AnswerEnd = { passed: () => undefined, lastWords: () => undefined };

function watchEnd(about: RequestAttributes, type: string): AnswerEnd {
  switch (type) {
    case 'application/json':
      return eventsEnd(about, lineBoundary(), jsonErrorEvent);
    case 'application/vnd.kubernetes.protobuf':
      return eventsEnd(about, frameBoundary(), protobufErrorEvent);
    default:
      return CUT;
  }
}

const NOTHING = Buffer.alloc(0);

/** What is no refusal: the client goes on from where it was, as after a watch that the API server has ended. */
const isRoutine = ({ code }: GatewayError): boolean => code === 'Draining' || code === 'StreamTooLong';

function eventsEnd(about: RequestAttributes, boundary: EventBoundary, event: typeof jsonErrorEvent): AnswerEnd {
  return {
    passed: (chunk) => boundary.passed(chunk),
    lastWords(why) {
      if (!boundary.reached()) return undefined;
      return isRoutine(why) ? NOTHING : event(statusAnswer(why, about).status);
    },
  };
}

/** A followed log has neither events nor an end of its own: a line says that this is one. */
function logEnd(about: RequestAttributes): AnswerEnd {
  const boundary = lineBoundary();
  return {
    passed: (chunk) => boundary.passed(chunk),
    lastWords: (why) =>
      Buffer.from(
        `${boundary.reached() ? '' : '\n'}chaperone: the log ends here: ${statusAnswer(why, about).status.message}\n`,
        'utf8',
      ),
  };
}
