import { type Detector, lastGroupAt } from './detector.ts';

const PRIVATE_KEY_FIELD = /private_key\\*["']\s{0,8}:\s{0,8}\\*["']([A-Za-z0-9+/=\s\\-]{64,16384})/y;

/** The private key of a service account where a rule asks for cloud tokens and not for private keys. */
export const gcpServiceAccountKey: Detector = {
  name: 'gcp-service-account-key',
  kind: 'CloudToken',
  description: 'the private key in the JSON key file of a Google service account',
  example: '"private_key": "-----BEGIN PRIVATE KEY-----\\n…',
  anchors: ['private_key"', "private_key'", 'private_key\\'],
  match(text, at) {
    const span = lastGroupAt(PRIVATE_KEY_FIELD, text, at);
    if (span === undefined) return undefined;
    // The class above takes the backslash of an escaped closing quote along.
    const value = text.slice(span.start, span.end).replace(/\\+$/, '');
    return value.includes('PRIVATE KEY') ? { start: span.start, end: span.start + value.length } : undefined;
  },
};
