import type { BrokenInputs } from './broken-input.ts';
import { chunk, chunked, CREATE, get, head, MAP, post } from './broken-input-requests.ts';

const NEXT = get('/version?smuggled=true');
const framed = (headers: readonly string[], body: string): string =>
  `${head(`POST ${CREATE}`, 'Content-Type: application/json', ...headers)}${body}`;
const length = `Content-Length: ${MAP.length}`;
const lastChunk = '0\r\n\r\n';

/** Requests whose end, or whose lines, two parsers could see differently. Where there is a next request, it is not one. */
export const BAD_FRAMING: BrokenInputs = {
  'a length and chunks': { parts: [framed([length, 'Transfer-Encoding: chunked'], lastChunk + NEXT)], outcome: 400 },
  'chunks and a length': {
    parts: [framed(['Transfer-Encoding: chunked', 'Content-Length: 5'], lastChunk + NEXT)],
    outcome: 400,
  },
  'two lengths that agree': { parts: [framed([length, length], MAP)], outcome: 400 },
  'two lengths that differ': { parts: [framed([length, 'Content-Length: 5'], MAP)], outcome: 400 },
  'a list of lengths': { parts: [framed([`${length}, ${MAP.length}`], MAP)], outcome: 400 },
  'a signed length': { parts: [framed([`Content-Length: +${MAP.length}`], MAP)], outcome: 400 },
  'a negative length': { parts: [framed(['Content-Length: -1'], MAP)], outcome: 400 },
  'a length in hexadecimal': { parts: [framed(['Content-Length: 0x10'], MAP)], outcome: 400 },
  'an empty length': { parts: [framed(['Content-Length: '], NEXT)], outcome: 400 },
  'a length with a blank in it': { parts: [framed(['Content-Length: 1 0'], MAP)], outcome: 400 },
  'a length with a fraction': { parts: [framed(['Content-Length: 10.0'], MAP)], outcome: 400 },
  'another coding after chunks': {
    parts: [framed(['Transfer-Encoding: chunked, gzip'], lastChunk + NEXT)],
    outcome: 400,
  },
  'chunks twice': {
    parts: [framed(['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], lastChunk + NEXT)],
    outcome: 400,
  },
  'chunks in a list': { parts: [framed(['Transfer-Encoding: chunked, chunked'], lastChunk + NEXT)], outcome: 400 },
  'almost chunks': { parts: [framed(['Transfer-Encoding: xchunked'], lastChunk + NEXT)], outcome: 400 },
  'chunks with a parameter': { parts: [framed(['Transfer-Encoding: chunked;a=b'], lastChunk + NEXT)], outcome: 400 },
  'chunks behind a vertical tab': {
    parts: [framed(['Transfer-Encoding: \x0bchunked'], lastChunk + NEXT)],
    outcome: 400,
  },
  'chunks in quotes': { parts: [framed(['Transfer-Encoding: "chunked"'], lastChunk + NEXT)], outcome: 400 },
  'identity as a coding': { parts: [framed(['Transfer-Encoding: identity', length], MAP)], outcome: 400 },
  'a coding over a folded line': {
    parts: [framed(['Transfer-Encoding:\r\n chunked'], lastChunk + NEXT)],
    outcome: 400,
  },
  'a size of a chunk that is none': { parts: [chunked(`zz\r\n${MAP}`)], outcome: 400 },
  'a negative size of a chunk': { parts: [chunked(`-1\r\n${MAP}`)], outcome: 400 },
  'a size of a chunk with a prefix': { parts: [chunked(`0x10\r\n${MAP}`)], outcome: 400 },
  'a blank before the size of a chunk': { parts: [chunked(` 4\r\nabcd\r\n${lastChunk}`)], outcome: 400 },
  'chunks with bare line feeds': { parts: [chunked(chunk(MAP).replaceAll('\r\n', '\n'))], outcome: 400 },
  'a chunk longer than its size': { parts: [chunked(`4\r\nabcdefgh\r\n${lastChunk}`)], outcome: 400 },
  'a chunk without its line end': { parts: [chunked(`4\r\nabcd${lastChunk}`)], outcome: 400 },
  'a length as a trailer': { parts: [chunked(`${chunk(MAP)}0\r\nContent-Length: 3\r\n\r\n`)], outcome: 400 },
  'a broken trailer': { parts: [chunked(`${chunk(MAP)}0\r\nX Y: a\r\n\r\n`)], outcome: 400 },
  'bare line feeds': { parts: [get('/version').replaceAll('\r\n', '\n')], outcome: 400 },
  'one bare line feed': { parts: [get('/version', 'X-A: b\nImpersonate-User: c')], outcome: 400 },
  'a bare carriage return': { parts: [get('/version', 'X-A: b\rImpersonate-User: c')], outcome: 400 },
  'a folded line': { parts: [get('/version', 'X-A: b\r\n c')], outcome: 400 },
  'a blank before the first header': { parts: ['GET /version HTTP/1.1\r\n Host: gateway\r\n\r\n'], outcome: 400 },
  'a header without a colon': { parts: [get('/version', 'nonsense')], outcome: 400 },
  'a header without a name': { parts: [get('/version', ': x')], outcome: 400 },
  'a NUL in a header': { parts: [get('/version', 'X-A: b\0c')], outcome: 400 },
  'a NUL in a name': { parts: [get('/version', 'X\0A: b')], outcome: 400 },
  'two Hosts': { parts: [get('/version', 'Host: other')], outcome: 400 },
  'no Host': { parts: ['GET /version HTTP/1.1\r\nAuthorization: Bearer TOKEN\r\n\r\n'], outcome: 400 },
  'HTTP/0.9': { parts: ['GET /version\r\n\r\n'], outcome: 400 },
  'HTTP/2.0': { parts: [get('/version').replace('HTTP/1.1', 'HTTP/2.0')], outcome: 400 },
  'HTTP/1.2': { parts: [get('/version').replace('HTTP/1.1', 'HTTP/1.2')], outcome: 400 },
  'the preface of HTTP/2': { parts: ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'], outcome: 400 },
  'chunks in HTTP/1.0': { parts: [chunked(lastChunk + NEXT).replace('HTTP/1.1', 'HTTP/1.0')], outcome: 400 },
  'an upgrade in HTTP/1.0': {
    parts: [get('/version', 'Connection: Upgrade', 'Upgrade: websocket').replace('HTTP/1.1', 'HTTP/1.0')],
    outcome: 400,
  },
  'an upgrade with a body': {
    parts: [get('/version', 'Connection: Upgrade', 'Upgrade: websocket', 'Content-Length: 4') + NEXT],
    outcome: 400,
  },
  'a method in lower case': { parts: [get('/version').replace('GET', 'get')], outcome: 400 },
  'a method that is none': { parts: [get('/version').replace('GET', 'FETCH')], outcome: 400 },
  'a method of others': { parts: [get('/version').replace('GET', 'PROPFIND')], outcome: 405 },
  'TRACE, which would repeat the token': { parts: [get('/version').replace('GET', 'TRACE')], outcome: 405 },
  'blanks in the target': { parts: [get('/ver sion')], outcome: 400 },
  'no target': { parts: ['GET  HTTP/1.1\r\nHost: gateway\r\n\r\n'], outcome: 400 },
  'bytes that are nothing': { parts: ['\x00\x01\x02\x03\r\n\r\n'], outcome: 400 },
  'plain HTTP in place of TLS': { parts: [get('/version')], bare: true, outcome: 'closed' },
  'bytes that are nothing in place of TLS': { parts: ['\x00\x01\x02\x03'.repeat(100)], bare: true, outcome: 'closed' },
  'a request behind a refused body': {
    parts: [framed(['Content-Length: 10', 'Impersonate-User: x'], '0123456789') + NEXT],
    outcome: 403,
  },
  'a request in place of a refused body': {
    parts: [framed([`Content-Length: ${NEXT.length}`, 'Impersonate-User: x'], NEXT)],
    outcome: 403,
  },
  'an expectation that is not known': { parts: [post(MAP, 'Expect: chaperone')], outcome: 417 },
};
