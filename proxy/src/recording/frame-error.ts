/** What is wrong with the bytes of a session; messages are constant and hold nothing of them. */
export const FRAME_ERRORS = {
  ReservedBits: 'a WebSocket frame sets reserved bits',
  UnknownOpcode: 'a WebSocket frame has an unknown opcode',
  NotMasked: 'a WebSocket frame of the client is not masked',
  Masked: 'a WebSocket frame of the server is masked',
  LengthNotMinimal: 'the length of a WebSocket frame is not written in the shortest way',
  ControlFrameInvalid: 'a WebSocket control frame is fragmented or too long',
  Fragmented: 'a WebSocket message comes in fragments',
  ContinuationUnexpected: 'a WebSocket frame continues no message, or a message begins within another',
  MessageTooLarge: 'a WebSocket message is too large',
  OpcodeUnexpected: 'a WebSocket message is text where bytes are due, or bytes where text is',
  AfterClose: 'something follows the end of the stream',
  ChannelUnknown: 'a WebSocket message is for a channel that is not open in this direction',
  ChannelCloseInvalid: 'a WebSocket message closes no single known channel',
  Base64Invalid: 'a WebSocket message is not base64',
  SpdyVersion: 'a SPDY frame is not of version 3',
  SpdyFrameUnknown: 'a SPDY frame is of an unknown type',
  SpdyFrameInvalid: 'a SPDY frame has flags, fields or a length that its type does not have',
  SpdyFrameTooLarge: 'a SPDY frame is too large',
  SpdyHeadersInvalid: 'the headers of a SPDY stream cannot be read',
  SpdyStreamInvalid: 'a SPDY stream is opened that is not among those of this call, or twice',
  SpdyStreamUnknown: 'a SPDY frame is for a stream that was never opened',
  SpdyDataUnexpected: 'a SPDY stream carries data in a direction in which it has none',
  SpdyTooManyStreams: 'too many SPDY streams are open',
} as const satisfies Record<string, string>;

export type FrameErrorCode = keyof typeof FRAME_ERRORS;

/** Bytes that one reader would take otherwise than another: the session that they belong to does not go on. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  readonly code: FrameErrorCode;

  constructor(code: FrameErrorCode, options: { readonly cause?: unknown } = {}) {
    super(FRAME_ERRORS[code], options);
    this.code = code;
  }
}
