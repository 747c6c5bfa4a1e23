import type { BrokenInputs } from './broken-input.ts';
import { chunk, chunked, get, head, MAP, post } from './broken-input-requests.ts';

const WHOLE = get('/version');

/** Input that ends before its end: the client closes its side. */
export const TRUNCATED: BrokenInputs = {
  'nothing at all': { parts: [], end: true, outcome: 'closed' },
  'nothing below TLS': { parts: [], end: true, bare: true, outcome: 'closed' },
  'half a ClientHello': { parts: ['\x16\x03\x01\x02\x00\x01\x00'], end: true, bare: true, outcome: 'closed' },
  'half a method': { parts: ['GE'], end: true, outcome: 400 },
  'a method': { parts: ['GET '], end: true, outcome: 400 },
  'half a target': { parts: ['GET /vers'], end: true, outcome: 400 },
  'half a protocol': { parts: ['GET /version HTT'], end: true, outcome: 400 },
  'a request line without its end': { parts: ['GET /version HTTP/1.1'], end: true, outcome: 400 },
  'a request line alone': { parts: ['GET /version HTTP/1.1\r\n'], end: true, outcome: 400 },
  'half a header name': { parts: ['GET /version HTTP/1.1\r\nHo'], end: true, outcome: 400 },
  'half a header': { parts: ['GET /version HTTP/1.1\r\nHost: gate'], end: true, outcome: 400 },
  'headers without their end': { parts: [WHOLE.slice(0, -2)], end: true, outcome: 400 },
  'headers without their last byte': { parts: [WHOLE.slice(0, -1)], end: true, outcome: 400 },
  'no byte of a body': { parts: [post(MAP).slice(0, -MAP.length)], end: true, outcome: 400 },
  'half a body': { parts: [post(MAP).slice(0, -10)], end: true, outcome: 400 },
  'a body without its last byte': { parts: [post(MAP).slice(0, -1)], end: true, outcome: 400 },
  'a chunk without its size': { parts: [chunked('')], end: true, outcome: 400 },
  'half a size of a chunk': { parts: [chunked('4')], end: true, outcome: 400 },
  'half a chunk': { parts: [chunked(chunk(MAP).slice(0, 20))], end: true, outcome: 400 },
  'chunks without the last one': { parts: [chunked(chunk(MAP))], end: true, outcome: 400 },
  'a last chunk without its end': { parts: [chunked(`${chunk(MAP)}0\r\n`)], end: true, outcome: 400 },
  'half a trailer': { parts: [chunked(`${chunk(MAP)}0\r\nX-Tra`)], end: true, outcome: 400 },
  'a body that was not invited': {
    parts: [head('POST /version', 'Content-Length: 10', 'Expect: 100-continue')],
    end: true,
    outcome: [403, 400, 'closed'],
  },
  'an object cut short in a body that is whole': { parts: [post(MAP.slice(0, -1))], outcome: 400, staysOpen: true },
};
