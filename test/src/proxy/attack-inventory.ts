/**
 * What the gateway has to withstand, in one list that the tests are measured by: each row, header and class below must
 * have tests, or the test beside this file fails.
 */

/** Calls that others read differently from the API server. */
export const ATTACK_ROWS = [
  'a namespace that is empty lists every namespace',
  'an encoded slash makes a pod its exec',
  'a slash at the end of exec',
  'dot segments in a path',
  'two slashes at the start, and targets in other forms',
  'a delete whose body replaces the dry run of its query',
  'a create, whose name is in its body',
  'an apply or an update that creates',
  'the name of a proxied service with scheme and port',
  'a collection call that reaches the object a rule names',
  'a subresource that runs, deletes, schedules, mints or signs',
  'a JSON Patch as an oracle of values',
  'a path of exec in another spelling',
  'exec over SPDY by GET',
  'an upgrade for readers of substrings',
  'exec over a WebSocket, which is a GET',
  'a log or a watch over a WebSocket',
  'an expectation, past which hooks are skipped',
  'an upgrade, past which middleware is skipped',
  'a Connection that names what has to stay',
  'a proxy of a node, which runs commands',
] as const;

export type AttackRow = (typeof ATTACK_ROWS)[number];

/** Headers that a caller must not get through, or get heard with. */
export const DROPPED_HEADERS = [
  'Authorization',
  'Impersonate-User',
  'Impersonate-Group',
  'Impersonate-Uid',
  'Impersonate-Extra-Scopes',
  'Impersonate-Extra-Chaperone.dev%2Fvia',
  'Impersonate-Anything',
  'Impersonate_User',
  'X-Remote-User',
  'X-Remote-Group',
  'X-Remote-Uid',
  'X-Remote-Extra-Scopes',
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Proto',
  'X-Forwarded-User',
  'X-Real-Ip',
  'Forwarded',
  'Audit-ID',
  'Cookie',
  'Proxy-Authorization',
  'Proxy-Connection',
  'Proxy-Authenticate',
  'Connection',
  'Keep-Alive',
  'TE',
  'Trailer',
  'Transfer-Encoding',
  'Expect',
  'Sec-WebSocket-Extensions',
  'Content-Encoding',
] as const;

export type DroppedHeader = (typeof DROPPED_HEADERS)[number];

/** How a header is presented. */
export const PRESENTATIONS = [
  'once',
  'repeated',
  'in odd case',
  'with a padded value',
  'with a blank before the colon',
  'with a tab before the colon',
  'after a blank',
  'nominated by Connection',
  'as a trailer',
] as const;

export type Presentation = (typeof PRESENTATIONS)[number];

/** The requests that carry it. */
export const CARRIERS = ['GET', 'POST', 'WebSocket', 'SPDY'] as const;

export type Carrier = (typeof CARRIERS)[number];

/** Classes of input that is broken, each with at least `KINDS_PER_CLASS` kinds. */
export const BROKEN_INPUT_CLASSES = [
  'truncated',
  'oversized',
  'slow',
  'wrong encoding',
  'bad framing',
  'bad UTF-8',
  'header floods',
  'token forgeries',
] as const;

export type BrokenInputClass = (typeof BROKEN_INPUT_CLASSES)[number];

export const KINDS_PER_CLASS = 15;
