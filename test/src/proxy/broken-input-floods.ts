import type { BrokenInputs } from './broken-input.ts';
import { chunk, chunked, get, many, MAP, upgrade } from './broken-input-requests.ts';

const trailers = (count: number): string => many(count, (at) => `X-${at}: a\r\n`).join('');

/** More headers, or more in them, than anybody sends. */
export const HEADER_FLOODS: BrokenInputs = {
  '129 headers': { parts: [get('/version', ...many(127, (at) => `X-${at}: a`))], outcome: 431 },
  '1,000 headers': { parts: [get('/version', ...many(1_000, (at) => `X-${at}: a`))], outcome: 431 },
  '10,000 headers': { parts: [get('/version', ...many(10_000, (at) => `X-${at}: a`))], outcome: 431 },
  '1,000 headers of one name': { parts: [get('/version', ...many(1_000, () => 'X-A: a'))], outcome: 431 },
  '1,000 empty headers': { parts: [get('/version', ...many(1_000, (at) => `X-${at}:`))], outcome: 431 },
  '60 headers of 4 KB': {
    parts: [get('/version', ...many(60, (at) => `X-${at}: ${'a'.repeat(4_096)}`))],
    outcome: 431,
  },
  '200 tokens': { parts: [get('/version', ...many(200, () => 'Authorization: Bearer a'))], outcome: 431 },
  '100 tokens': { parts: [get('/version', ...many(100, () => 'Authorization: Bearer a'))], outcome: 400 },
  '100 Hosts': { parts: [get('/version', ...many(100, (at) => `Host: ${at}`))], outcome: 400 },
  '100 lengths': { parts: [get('/version', ...many(100, () => 'Content-Length: 0'))], outcome: 400 },
  '100 codings': { parts: [get('/version', ...many(100, () => 'Transfer-Encoding: chunked'))], outcome: 400 },
  '100 expectations': { parts: [get('/version', ...many(100, () => 'Expect: 100-continue'))], outcome: 400 },
  '100 groups to act for': {
    parts: [get('/version', ...many(100, (at) => `Impersonate-Group: ${at}`))],
    outcome: 403,
    staysOpen: true,
  },
  '100 upgrades': {
    parts: [get('/version', 'Connection: Upgrade', ...many(100, () => 'Upgrade: websocket'))],
    outcome: 400,
  },
  '10,000 options of a connection': {
    parts: [get('/version', `Connection: ${many(10_000, (at) => `x${at}`).join()}`)],
    outcome: 400,
  },
  '1,000 token protocols': {
    parts: [upgrade(`Sec-WebSocket-Protocol: ${many(1_000, () => 'base64url.bearer.authorization.k8s.io.YQ').join()}`)],
    outcome: 401,
  },
  '100,000 empty elements of a list': { parts: [get('/version', `Connection: ${','.repeat(100_000)}x`)], outcome: 400 },
  '1,000 trailers': { parts: [chunked(`${chunk(MAP)}0\r\n${trailers(1_000)}\r\n`)], outcome: 431 },
  '20,000 trailers': { parts: [chunked(`${chunk(MAP)}0\r\n${trailers(20_000)}\r\n`)], outcome: 431 },
  '50,000 blanks before a value': {
    parts: [get('/version', `X-A:${' '.repeat(50_000)}a${' '.repeat(50_000)}`)],
    outcome: 200,
    staysOpen: true,
  },
  '100 requests at once': { parts: [get('/version').repeat(100)], outcome: [200, 'closed'] },
  '1,000 headers without a token': {
    parts: [['GET /version HTTP/1.1', 'Host: gateway', ...many(1_000, (at) => `X-${at}: a`), '', ''].join('\r\n')],
    outcome: 431,
  },
};
