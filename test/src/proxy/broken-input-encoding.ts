import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { BrokenInputs } from './broken-input.ts';
import { chunk, chunked, CREATE, get, head, MAP, MAPS, post, upgrade } from './broken-input-requests.ts';

const latin1 = (bytes: Buffer): string => bytes.toString('latin1');
const typed = (contentType: string, body: string): string =>
  `${head(`POST ${CREATE}`, `Content-Type: ${contentType}`, `Content-Length: ${body.length}`)}${body}`;
const encoded = (coding: string, body: Buffer): string => post(latin1(body), `Content-Encoding: ${coding}`);
const utf16 = (text: string): string => latin1(Buffer.from(text, 'utf16le'));
const bytes = Buffer.from(MAP);

/** Input in another encoding than it says, or than is served. */
export const WRONG_ENCODING: BrokenInputs = {
  'a body in gzip': { parts: [encoded('gzip', gzipSync(bytes))], outcome: 415 },
  'a body in x-gzip': { parts: [encoded('x-gzip', gzipSync(bytes))], outcome: 415 },
  'a body in deflate': { parts: [encoded('deflate', deflateSync(bytes))], outcome: 415 },
  'a body in brotli': { parts: [encoded('br', brotliCompressSync(bytes))], outcome: 415 },
  'a body in zstd': { parts: [encoded('zstd', zstdCompressSync(bytes))], outcome: 415 },
  'a body that only says gzip': { parts: [encoded('gzip', bytes)], outcome: 415 },
  'a body in two encodings': { parts: [encoded('gzip, identity', gzipSync(bytes))], outcome: 415 },
  'a body in gzip that does not say so': { parts: [post(latin1(gzipSync(bytes)))], outcome: 400, staysOpen: true },
  'a body in gzip by its framing': {
    parts: [head(`POST ${CREATE}`, 'Content-Type: application/json', 'Transfer-Encoding: gzip, chunked') + chunk('a')],
    outcome: 400,
  },
  'a body in UTF-16': { parts: [post(utf16(MAP))], outcome: 400, staysOpen: true },
  'a body in UTF-16 with a mark': { parts: [post(`\xff\xfe${utf16(MAP)}`)], outcome: 400, staysOpen: true },
  'a body in UTF-16 that says so': {
    parts: [typed('application/json; charset=utf-16', utf16(MAP))],
    outcome: 400,
    staysOpen: true,
  },
  'JSON that says protobuf': {
    parts: [typed('application/vnd.kubernetes.protobuf', MAP)],
    outcome: 400,
    staysOpen: true,
  },
  'protobuf that says JSON': { parts: [post('k8s\x00\x0a\x0f\x0a\x02v1')], outcome: 400, staysOpen: true },
  'CBOR that says JSON': { parts: [post('\xd9\xd9\xf7\xa1\x61a\x01')], outcome: 400, staysOpen: true },
  'JSON that says YAML that says JSON': {
    parts: [typed('application/yaml', '\t{"apiVersion": v1')],
    outcome: 400,
    staysOpen: true,
  },
  'a form': { parts: [typed('application/x-www-form-urlencoded', 'kind=ConfigMap')], outcome: 415, staysOpen: true },
  'a multipart form': { parts: [typed('multipart/form-data; boundary=x', '--x--')], outcome: 415, staysOpen: true },
  'a type that is none': { parts: [typed('nonsense', MAP)], outcome: 415, staysOpen: true },
  'a type with a broken parameter': {
    parts: [typed('application/json; =', MAP)],
    outcome: [400, 415],
    staysOpen: true,
  },
  'a patch that says it is a create': {
    parts: [typed('application/merge-patch+json', '{}')],
    outcome: 415,
    staysOpen: true,
  },
  'a path that is encoded twice': { parts: [get(`${MAPS}/a%2562`)], outcome: 400 },
  'a path in escapes of others': { parts: [get(`${MAPS}/%u0061`)], outcome: 400 },
  'a token protocol in the other base64': {
    parts: [upgrade('Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.a+/b=, v5.channel.k8s.io')],
    outcome: 401,
  },
};

const named = (name: string): string => `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name}"}}`;

/** Bytes that are not UTF-8, or no characters. */
export const BAD_UTF8: BrokenInputs = {
  'a byte in a path': { parts: [get(`${MAPS}/%ff`)], outcome: 400 },
  'an overlong slash in a path': { parts: [get(`${MAPS}/a%c0%afb`)], outcome: 400 },
  'an overlong dot in a path': { parts: [get(`${MAPS}/%c0%ae%c0%ae`)], outcome: 400 },
  'half a surrogate in a path': { parts: [get(`${MAPS}/%ed%a0%80`)], outcome: 400 },
  'a character past the last in a path': { parts: [get(`${MAPS}/%f4%90%80%80`)], outcome: 400 },
  'a continuation in a path': { parts: [get(`${MAPS}/%80`)], outcome: 400 },
  'a character cut short in a path': { parts: [get(`${MAPS}/%e2%82`)], outcome: 400 },
  'a NUL in a path': { parts: [get(`${MAPS}/a%00`)], outcome: 400 },
  'a bare byte in a path': { parts: [get(`${MAPS}/\xff`)], outcome: 400 },
  'a bare character in a path': { parts: [get(`${MAPS}/\xc3\xa4`)], outcome: 400 },
  'a byte in a value of the query': { parts: [get(`${MAPS}?labelSelector=%ff`)], outcome: 400 },
  'a byte in a key of the query': { parts: [get(`${MAPS}?%ff=a`)], outcome: 400 },
  'half a surrogate in the query': { parts: [get(`${MAPS}?fieldManager=%ed%a0%80`)], outcome: 400 },
  'a bare byte in the query': { parts: [get(`${MAPS}?a=\xff`)], outcome: 400 },
  'a byte in the method': { parts: [head('G\xff /version')], outcome: 400 },
  'a byte in a name of a header': { parts: [get('/version', 'X-\xff: a')], outcome: 400 },
  'a byte in the token': {
    parts: ['GET /version HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer a\xffb\r\n\r\n'],
    outcome: 401,
  },
  'a byte in the scheme': {
    parts: ['GET /version HTTP/1.1\r\nHost: gateway\r\nAuthorization: B\xff x\r\n\r\n'],
    outcome: 401,
  },
  'a byte in a token protocol': {
    parts: [upgrade('Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.\xff, v5.channel.k8s.io')],
    outcome: 401,
  },
  'a byte in Connection': { parts: [get('/version', 'Connection: \xff')], outcome: 400 },
  'a byte in Upgrade': { parts: [get('/version', 'Connection: Upgrade', 'Upgrade: \xff')], outcome: 400 },
  'a byte in the type of a body': {
    parts: [`${head(`POST ${CREATE}`, 'Content-Type: application/json\xff', 'Content-Length: 2')}{}`],
    outcome: [400, 415],
    staysOpen: true,
  },
  'a byte in a name in a body': { parts: [post(named('a\xff'))], outcome: [400, 422], staysOpen: true },
  'half a surrogate in a name in a body': {
    parts: [post(named('a\xed\xa0\x80'))],
    outcome: [400, 422],
    staysOpen: true,
  },
  'half an escaped surrogate in a name in a body': {
    parts: [post(named('\\ud800'))],
    outcome: [400, 422],
    staysOpen: true,
  },
  'an overlong dot in a name in a body': { parts: [post(named('\xc0\xae'))], outcome: [400, 422], staysOpen: true },
  'bytes in place of JSON, in chunks': {
    parts: [chunked(`${chunk('\xff\xfe\xfd')}0\r\n\r\n`)],
    outcome: 400,
    staysOpen: true,
  },
};
