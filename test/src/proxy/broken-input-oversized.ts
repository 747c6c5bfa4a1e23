import type { BrokenInputs } from './broken-input.ts';
import { chunk, chunked, CREATE, get, head, many, MAP, MAPS, post, upgrade } from './broken-input-requests.ts';

const long = (length: number): string => 'a'.repeat(length);
/** More than the gateway of these tests takes of a body. */
const BODY = long(2 * 1_048_576);

/** Input that is larger than its bound. */
export const OVERSIZED: BrokenInputs = {
  'a target of 70 KB': { parts: [get(`/version?${long(70_000)}`)], outcome: 414 },
  'a target of 200 KB': { parts: [get(`/version?${long(200_000)}`)], outcome: 431 },
  'a segment of 70 KB': { parts: [get(`${MAPS}/${long(70_000)}`)], outcome: 414 },
  'a method of 200 KB': { parts: [head(long(200_000))], outcome: 400 },
  'a header of 200 KB': { parts: [get('/version', `X-Long: ${long(200_000)}`)], outcome: 431 },
  'a header of 5 MB': { parts: [get('/version', `X-Long: ${long(5_000_000)}`)], outcome: 431 },
  'a name of a header of 200 KB': { parts: [get('/version', `${long(200_000)}: x`)], outcome: 431 },
  'a token of 100 KB': {
    parts: [`GET /version HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer ${long(100_000)}\r\n\r\n`],
    outcome: 401,
    staysOpen: true,
  },
  'a token of 200 KB': {
    parts: [`GET /version HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer ${long(200_000)}\r\n\r\n`],
    outcome: 431,
  },
  'more parameters than are read': {
    parts: [get(`/version?${many(1_100, (at) => `a${at}=`).join('&')}`)],
    outcome: 400,
  },
  'a body by its length': { parts: [post(BODY)], outcome: 413 },
  'a body by its length, which is not sent': {
    parts: [head(`POST ${CREATE}`, 'Content-Type: application/json', 'Content-Length: 999999999999999')],
    outcome: 413,
  },
  'a body by a length that no number holds': {
    parts: [head(`POST ${CREATE}`, 'Content-Type: application/json', 'Content-Length: 99999999999999999999999')],
    outcome: 400,
  },
  'a body that waits to be invited': {
    parts: [
      head(`POST ${CREATE}`, 'Content-Type: application/json', 'Content-Length: 2097152', 'Expect: 100-continue'),
    ],
    outcome: 413,
  },
  'a body in one chunk': { parts: [chunked(`${chunk(BODY)}0\r\n\r\n`)], outcome: 413 },
  'a body in many chunks': { parts: [chunked(`${chunk(long(1_024)).repeat(2_048)}0\r\n\r\n`)], outcome: 413 },
  'a chunk that says it has no end': { parts: [chunked(`ffffffffffffffff\r\n${BODY}`)], outcome: 413 },
  'a size of a chunk that no number holds': { parts: [chunked(`${'f'.repeat(64)}\r\n`)], outcome: 400 },
  'an extension of a chunk of 20 KB': { parts: [chunked(`4;${long(20_000)}\r\n`)], outcome: 400 },
  'extensions of many chunks': {
    parts: [chunked(`${`1;${long(1_000)}\r\na\r\n`.repeat(100)}0\r\n\r\n`)],
    outcome: 400,
    staysOpen: true,
  },
  'a trailer of 200 KB': { parts: [chunked(`${chunk(MAP)}0\r\nX-Trailer: ${long(200_000)}\r\n\r\n`)], outcome: 431 },
  'a Connection of 100 KB': { parts: [get('/version', `Connection: ${'close, '.repeat(14_000)}x`)], outcome: 400 },
  'subprotocols of 200 KB': { parts: [upgrade(`Sec-WebSocket-Protocol: ${long(200_000)}`)], outcome: 431 },
  'a name of 60 KB': { parts: [get(`${MAPS}/${long(60_000)}`)], outcome: 404, staysOpen: true },
  'a selector of 60 KB': { parts: [get(`${MAPS}?labelSelector=${long(60_000)}`)], outcome: 400, staysOpen: true },
  'an object of 100,000 levels': {
    parts: [post(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`)],
    outcome: 400,
    staysOpen: true,
  },
};
