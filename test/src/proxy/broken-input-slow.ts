import type { Part } from './attack-connection.ts';
import type { BrokenInputs } from './broken-input.ts';
import { chunk, chunked, get, MAP, post, upgrade } from './broken-input-requests.ts';

/** Longer than every timeout of the gateway of these tests. */
const LONG = 6_000;
const STEP = 200;

/** The text byte by byte, slowly enough never to be done. */
const trickle = (text: string): Part[] => Array.from(text.slice(0, LONG / STEP), (byte) => [byte, STEP]).flat();

/** Input that takes longer than it may. */
export const SLOW: BrokenInputs = {
  'a connection without TLS': { parts: [LONG], bare: true, outcome: 'closed' },
  'half a ClientHello': { parts: ['\x16\x03\x01\x02\x00\x01\x00', LONG], bare: true, outcome: 'closed' },
  'a connection without a request': { parts: [LONG], outcome: [408, 'closed'] },
  'empty lines before a request': { parts: trickle('\r\n'.repeat(30)), outcome: 408 },
  'half a request line': { parts: ['GET /vers', LONG], outcome: 408 },
  'a request line byte by byte': { parts: trickle(`GET /version?${'a'.repeat(60)} HTTP/1.1`), outcome: 408 },
  'half of the headers': { parts: ['GET /version HTTP/1.1\r\nHost: gateway\r\nX-A', LONG], outcome: 408 },
  'headers byte by byte': { parts: ['GET /version HTTP/1.1\r\n', ...trickle(`Host: ${'g'.repeat(60)}`)], outcome: 408 },
  'headers line by line': {
    parts: ['GET /version HTTP/1.1\r\n', ...Array.from({ length: 20 }, (_, at) => [`X-${at}: a\r\n`, STEP]).flat()],
    outcome: 408,
  },
  'headers without their last byte': { parts: [get('/version').slice(0, -1), LONG], outcome: 408 },
  'headers of an upgrade': { parts: [upgrade().slice(0, -2), LONG], outcome: 408 },
  'a body of which nothing comes': { parts: [post(MAP).slice(0, -MAP.length), LONG], outcome: 408 },
  'a body without its last byte': { parts: [post(MAP).slice(0, -1), LONG], outcome: 408 },
  'a body byte by byte': { parts: [post(MAP).slice(0, -MAP.length), ...trickle(MAP)], outcome: 408 },
  'a body that was invited': {
    parts: [post(MAP, 'Expect: 100-continue').slice(0, -MAP.length), LONG],
    outcome: 408,
  },
  'chunks of which none comes': { parts: [chunked(''), LONG], outcome: 408 },
  'half a size of a chunk': { parts: [chunked('4'), LONG], outcome: 408 },
  'half a chunk': { parts: [chunked(chunk(MAP).slice(0, 20)), LONG], outcome: 408 },
  'chunks of one byte': { parts: [chunked(''), ...trickle('a'.repeat(40)).map(eachAsChunk)], outcome: 408 },
  'chunks without the last one': { parts: [chunked(chunk(MAP)), LONG], outcome: 408 },
  'a last chunk without its end': { parts: [chunked(`${chunk(MAP)}0\r\n`), LONG], outcome: 408 },
  'trailers line by line': {
    parts: [chunked(`${chunk(MAP)}0\r\n`), ...Array.from({ length: 20 }, (_, at) => [`X-${at}: a\r\n`, STEP]).flat()],
    outcome: 408,
  },
  'a body of a call that is refused': {
    parts: [post(MAP, 'Impersonate-User: x').slice(0, -MAP.length), ...trickle(MAP)],
    outcome: 403,
  },
  'half a request after one that was answered': { parts: [get('/version'), 500, 'GET /vers', LONG], outcome: 200 },
  'nothing after a request that was answered': { parts: [get('/version'), LONG], outcome: 200 },
};

function eachAsChunk(part: Part): Part {
  return typeof part === 'string' ? chunk(part) : part;
}
