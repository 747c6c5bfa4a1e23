import { type Detector, lastGroupAt } from './detector.ts';
import { standsForValue } from './shown-values.ts';

const KEY_DATA = /client-key-data(?:\\*["'])?\s{0,4}[:=]\s{0,4}(?:\\*["'])?([A-Za-z0-9+/_-]{16,65536}={0,2})/iy;
const USER_FIELD = /(?:token|password)(?:\\*["'])?:[ \t]{0,4}(?:\\*["'])?([^\s"'\\,}]{1,4096})/iy;
/** A user of a kubeconfig has its credential beside, and not far behind, the word that begins it. */
const NEIGHBOURHOOD = 400;
const USER = /(?:^|[\s"'{n])user(?:\\*["'])?:\s*(?:\{|\n|\\|$)/;

export const kubeconfig: Detector = {
  name: 'kubeconfig',
  kind: undefined,
  description: 'credentials of users in a kubeconfig: `client-key-data`, `token`, `password`',
  example: 'client-key-data: LS0tLS1CRUdJTi…',
  anchors: ['client-key-data', 'token:', 'token"', 'token\\', 'password:', 'password"', 'password\\'],
  match(text, at) {
    const keyData = lastGroupAt(KEY_DATA, text, at);
    if (keyData !== undefined) return keyData;
    if (!USER.test(text.slice(Math.max(0, at - NEIGHBOURHOOD), at))) return undefined;
    const field = lastGroupAt(USER_FIELD, text, at);
    return field === undefined || standsForValue(text.slice(field.start, field.end)) ? undefined : field;
  },
};
