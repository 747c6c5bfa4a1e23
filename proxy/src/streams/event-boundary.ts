/** Follows a watch as it passes, and knows whether it stands between two events. */
export interface EventBoundary {
  passed(chunk: Buffer): void;
  /** Whether every event that has begun has also ended. */
  reached(): boolean;
}

const NEWLINE = 0x0a;

/**
 * Of lines. The API server writes each event in one line, and JSON has no raw newline in a string, so what follows one
 * is the next event. A server that spread an event over lines would have it cut off inside, which no decoder takes for
 * a whole one.
 */
export function lineBoundary(): EventBoundary {
  let last = NEWLINE;
  return {
    passed(chunk) {
      last = chunk.at(-1) ?? last;
    },
    reached: () => last === NEWLINE,
  };
}

const LENGTH_BYTES = 4;

/** Of frames that begin with their length in four bytes, as in protobuf watches. */
export function frameBoundary(): EventBoundary {
  let lengthRead = 0;
  let length = 0;
  let bodyLeft = 0;
  return {
    passed(chunk) {
      let at = 0;
      while (at < chunk.length) {
        if (bodyLeft > 0) {
          const taken = Math.min(bodyLeft, chunk.length - at);
          bodyLeft -= taken;
          at += taken;
          continue;
        }
        length = length * 256 + (chunk[at] ?? 0);
        at += 1;
        lengthRead += 1;
        if (lengthRead < LENGTH_BYTES) continue;
        bodyLeft = length;
        length = 0;
        lengthRead = 0;
      }
    },
    reached: () => bodyLeft === 0 && lengthRead === 0,
  };
}
