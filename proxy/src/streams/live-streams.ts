import type { PermittedCall } from '../call/call.ts';
import type { GatewayError } from '../gateway-error.ts';

/** What runs for long: watches, followed logs, exec, attach, port-forward. */
export interface LiveStreams {
  /**
   * Takes note of a stream, from before anything of it is sent.
   *
   * @param end called at most once, when the stream may not go on, with what its client is to be told. It must stop
   *   bytes in both directions before it returns; how the client is told is up to the stream.
   * @returns to be called when the stream has ended, however. Harmless when repeated.
   * @throws GatewayError where it may not even begin: policies or labels that changed since the call was judged, a
   *   token that has expired since, a replica that is shutting down. `end` is not called then.
   */
  enter(call: PermittedCall, end: (why: GatewayError) => void): () => void;
  /** How many there are. */
  count(): number;
}
