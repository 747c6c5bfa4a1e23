import { startsEncoded } from './boundaries.ts';
import { type Detector, matchAt, type Span } from './detector.ts';

/** RFC 7468, RFC 4716 (four dashes) and OpenPGP (`BLOCK`). `openssl` writes what kind of key it is before the words. */
const HEADER =
  /-----BEGIN (?:[A-Z0-9]{1,16} ){0,4}PRIVATE KEY(?: BLOCK)?-----|---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----/y;
const TRAILER =
  /-----END (?:[A-Z0-9]{1,16} ){0,4}PRIVATE KEY(?: BLOCK)?-----|---- END SSH2 ENCRYPTED PRIVATE KEY ----/y;

/** Twice what 16384 bits of RSA need, escaped. */
export const MAX_PRIVATE_KEY = 64 * 1024;

/** What only key material has. Documentation writes dots, a template, or nothing between the two lines. */
const KEY_MATERIAL = /[A-Za-z0-9+/]{24}/;
/** What is left of a key whose end is missing, as in a log line that was cut. */
const REST_OF_BODY = /^(?:[A-Za-z0-9+/=:,. -]|\s|\\)+/;

export const privateKey: Detector = {
  name: 'private-key',
  kind: 'PrivateKey',
  description: 'PEM private keys of every kind, OpenSSH and OpenPGP, on lines, with `\\n` escapes, or cut off',
  example: '-----BEGIN RSA PRIVATE KEY----- …',
  anchors: ['-----begin ', '---- begin ssh2'],
  match(text, at) {
    const header = matchAt(HEADER, text, at);
    if (header === null) return undefined;
    const body = at + header[0].length;
    // The next dashes are read for, not the END: a row of headers without any would be read to its end for each of them.
    const dashes = text.indexOf('----', body);
    const trailer = dashes < 0 || dashes - body > MAX_PRIVATE_KEY ? null : matchAt(TRAILER, text, dashes);
    if (trailer !== null) {
      return KEY_MATERIAL.test(text.slice(body, dashes)) ? { start: at, end: dashes + trailer[0].length } : undefined;
    }
    const limit = Math.min(dashes < 0 ? text.length : dashes, body + MAX_PRIVATE_KEY);
    const material = REST_OF_BODY.exec(text.slice(body, limit))?.[0].trimEnd() ?? '';
    return KEY_MATERIAL.test(material) ? { start: at, end: body + material.length } : undefined;
  },
};

const PUTTY = /private-lines: ?\d{1,4}(?:\s|\\[rn]){1,8}((?:[A-Za-z0-9+/=]{1,76}(?:\s|\\[rn]){0,8}){1,400})/iy;

export const puttyPrivateKey: Detector = {
  name: 'putty-private-key',
  kind: 'PrivateKey',
  description: "the private lines of PuTTY's key files",
  example: 'Private-Lines: 14 …',
  anchors: ['private-lines:'],
  match(text, at) {
    const found = matchAt(PUTTY, text, at);
    if (found === null) return undefined;
    const body = (found[1] ?? '').replace(/(?:\s|\\[rn])+Private$/, '').trimEnd();
    const start = at + found[0].length - (found[1] ?? '').length;
    return KEY_MATERIAL.test(body) ? { start, end: start + body.length } : undefined;
  },
};

const BASE64_RUN = /[A-Za-z0-9+/_-]{64,65536}={0,2}/y;

/** Base64 of a PEM private key inside a longer text, as in the `client-key-data` of a kubeconfig. */
export const encodedPrivateKey: Detector = {
  name: 'encoded-private-key',
  kind: 'PrivateKey',
  description: 'base64 of a PEM private key in a longer text, alone or after certificates',
  example: 'tls.key: LS0tLS1CRUdJTi…',
  anchors: ['ls0tls1crudjti'],
  match(text, at): Span | undefined {
    if (!startsEncoded(text, at)) return undefined;
    const run = matchAt(BASE64_RUN, text, at)?.[0];
    if (run === undefined || !Buffer.from(run, 'base64').includes('PRIVATE KEY')) return undefined;
    return { start: at, end: at + run.length };
  },
};
