/** Requests in their raw form, to be broken. Text is Latin-1: one character a byte. */

export const MAPS = '/api/v1/namespaces/default/configmaps';
export const MAP = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"broken-"}}';
/** Names no object that is left behind. */
export const CREATE = `${MAPS}?dryRun=All`;

const TOKEN = 'TOKEN';

/** `TOKEN` in a request stands for a good one. */
export const withToken = (text: string, token: string): string => text.replaceAll(TOKEN, token);

/** The beginning of a request with a good token, up to the end of its headers. */
export function head(request: string, ...headers: readonly string[]): string {
  return [`${request} HTTP/1.1`, 'Host: gateway', `Authorization: Bearer ${TOKEN}`, ...headers, '', ''].join('\r\n');
}

export const get = (target: string, ...headers: readonly string[]): string => head(`GET ${target}`, ...headers);

/** A create of a ConfigMap with this body, whose length is said. */
export const post = (body: string, ...headers: readonly string[]): string =>
  `${head(`POST ${CREATE}`, 'Content-Type: application/json', `Content-Length: ${body.length}`, ...headers)}${body}`;

/** The same in chunks, which are written as they are. */
export const chunked = (chunks: string, ...headers: readonly string[]): string =>
  `${head(`POST ${CREATE}`, 'Content-Type: application/json', 'Transfer-Encoding: chunked', ...headers)}${chunks}`;

export const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

export const upgrade = (...headers: readonly string[]): string =>
  get(
    '/api/v1/namespaces/default/pods/absent/exec?command=id&stdout=true',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  );

export const many = (count: number, line: (at: number) => string): string[] =>
  Array.from({ length: count }, (_, at) => line(at));
