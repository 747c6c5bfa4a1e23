/**
 * Every reason why a request is refused before anybody asks who sent it, with the HTTP status it is answered with.
 *
 * Almost all are 400: the request can be read in two ways, or in none, and whichever reading Chaperone took, the API
 * server (or a load balancer before it) might take the other one. Messages are constant; what varies is the detail.
 */
export const REJECTIONS = {
  ProtocolVersion: { status: 400, message: 'the only protocols served are HTTP/1.1 and HTTP/1.0' },
  HostMissing: { status: 400, message: 'the request has no Host header' },
  Pipelined: { status: 400, message: 'the request came before the one before it was answered: wait for the answer' },
  TargetTooLong: { status: 414, message: 'the request target is too long' },
  TargetForm: { status: 400, message: "the request target must be a path that starts with a single '/'" },
  TargetCharacter: {
    status: 400,
    message: "the request target holds a '#', a '\\', a blank, a control or a non-ASCII character: percent-encode it",
  },
  PathEscape: { status: 400, message: "the path holds a '%' that two hexadecimal digits do not follow" },
  PathEncoding: { status: 400, message: 'the path does not decode to UTF-8' },
  PathEscapedUnreserved: { status: 400, message: "the path percent-encodes a letter, a digit or one of '-._~'" },
  PathControlCharacter: { status: 400, message: 'the path encodes a control character' },
  PathSegmentEmpty: { status: 400, message: "the path holds an empty segment ('//')" },
  PathSegmentDots: { status: 400, message: "the path holds a '.' or '..' segment" },
  PathSegmentSeparator: { status: 400, message: "a path segment encodes a '/' or a '%': no name may hold either" },
  QuerySemicolon: { status: 400, message: "the query holds a raw ';': percent-encode it" },
  QueryEscape: { status: 400, message: "the query holds a '%' that two hexadecimal digits do not follow" },
  QueryEncoding: { status: 400, message: 'the query does not decode to UTF-8' },
  QueryControlCharacter: { status: 400, message: 'the query encodes a NUL' },
  TooManyParameters: { status: 400, message: 'the query holds too many parameters' },
  ParameterAmbiguous: { status: 400, message: 'a parameter that takes one value is given several that differ' },
  ParameterInvalid: { status: 400, message: 'a parameter does not decode' },
  MethodUnknown: { status: 405, message: 'the method is none of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' },
  MethodOnResource: { status: 405, message: 'the method has no meaning on a resource' },
  LegacyProxyPrefix: { status: 400, message: "the 'proxy/' prefix is not served: use the proxy subresource" },
  LegacyWatchMethod: { status: 405, message: "paths with the 'watch/' prefix are served for GET alone" },
  LegacyPrefixAlone: { status: 400, message: "nothing follows the 'watch/' prefix" },
  TooManyHeaders: { status: 431, message: 'the request has too many headers' },
  HeadersTooLarge: { status: 431, message: 'the headers of the request are too large' },
  HeaderMalformed: { status: 400, message: 'a header holds a character that it may not' },
  HeaderRepeated: { status: 400, message: 'a header that may stand once is repeated' },
  ConnectionOption: { status: 400, message: 'the Connection header names a header that must reach the server' },
  ContentLengthInvalid: { status: 400, message: 'the Content-Length is not a number of bytes' },
  TransferEncodingUnsupported: { status: 400, message: 'the only Transfer-Encoding served is chunked' },
  FramingAmbiguous: { status: 400, message: 'the request has both a Content-Length and a Transfer-Encoding' },
  ContentEncodingUnsupported: { status: 415, message: 'encoded request bodies are not served: send it as it is' },
  ExpectationUnsupported: { status: 417, message: 'the only Expect served is 100-continue' },
  UpgradeUnsupported: { status: 400, message: 'the only upgrades served are websocket and SPDY/3.1' },
  UpgradeMalformed: { status: 400, message: 'an Upgrade needs exactly one protocol and Connection: Upgrade' },
  UpgradeWithBody: { status: 400, message: 'a request for an Upgrade must not have a body' },
  AuthorizationMalformed: { status: 401, message: 'the Authorization header does not hold one bearer token' },
  TokenProtocolMalformed: {
    status: 401,
    message: 'the WebSocket subprotocol does not hold one bearer token in base64url beside another subprotocol',
  },
  CredentialsRepeated: { status: 400, message: 'a token is given both in Authorization and as a subprotocol' },
} as const satisfies Record<string, { readonly status: number; readonly message: string }>;

export type RejectionCode = keyof typeof REJECTIONS;

const DETAIL_LENGTH = 128;

/**
 * A request that is refused for its form. Pure functions return it as a value; it is an Error so that whoever writes
 * the answer may throw it as well.
 */
export class Rejection extends Error {
  override readonly name = 'Rejection';
  readonly code: RejectionCode;
  /** The HTTP status of the answer. */
  readonly status: number;
  /** Which parameter, header or segment; at most 128 characters, never a credential. */
  readonly detail: string | undefined;

  constructor(code: RejectionCode, detail?: string) {
    const { status, message } = REJECTIONS[code];
    const bounded = detail?.slice(0, DETAIL_LENGTH).toWellFormed();
    super(bounded === undefined ? message : `${message}: ${bounded}`);
    this.code = code;
    this.status = status;
    this.detail = bounded;
  }
}
