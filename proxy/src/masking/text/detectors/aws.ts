import { endsToken, startsToken } from './boundaries.ts';
import { type Detector, lastGroupAt, matchAt, type Span } from './detector.ts';
import { isVaried } from './shown-values.ts';

const KEY_ID = /(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}/y;

export const awsAccessKeyId: Detector = {
  name: 'aws-access-key-id',
  kind: 'CloudToken',
  description: 'ids of AWS access keys',
  example: 'AKIA…',
  anchors: ['akia', 'asia', 'abia', 'acca'],
  match(text, at) {
    const found = startsToken(text, at) ? matchAt(KEY_ID, text, at) : null;
    if (found === null || !endsToken(text, at + found[0].length) || !isVaried(found[0].slice(4), 4)) return undefined;
    return { start: at, end: at + found[0].length };
  },
};

/** 40 characters of base64, in URLs with its two special characters escaped. */
const SECRET = /(?<![A-Za-z0-9/+=])(?:[A-Za-z0-9/+]|%2[BbFf]){40}(?![A-Za-z0-9/+=])/;
const NAMED_SECRET =
  /[A-Za-z_ -]{0,24}(?:\\*["'])?\s{0,4}(?::=|=>|[:=]|%3[DdAa]|\s)\s{0,4}(?:\\*["'`])?((?:[A-Za-z0-9/+]|%2[BbFf]){40})(?![A-Za-z0-9/+=])/y;
/** How far behind the id of a key its secret may stand. */
const BESIDE = 240;

export const awsSecretAccessKey: Detector = {
  name: 'aws-secret-access-key',
  kind: 'CloudToken',
  description: 'secret access keys of AWS: 40 characters behind a name for them, or near the id of a key',
  example: 'aws_secret_access_key = wJal…',
  anchors: [
    'aws_secret',
    'aws-secret',
    'awssecret',
    'secretaccesskey',
    'secret_access_key',
    'secret-access-key',
    'secret access key',
    'secretkey',
    'secret_key',
    'akia',
    'asia',
  ],
  match(text, at) {
    return matchAt(KEY_ID, text, at) === null ? secretNamed(text, at) : secretBeside(text, at);
  },
};

function secretBeside(text: string, at: number): Span | undefined {
  const from = at + 20;
  const found = SECRET.exec(text.slice(from, from + BESIDE));
  return found === null ? undefined : secretAt(from + found.index, found[0]);
}

function secretNamed(text: string, at: number): Span | undefined {
  const found = matchAt(NAMED_SECRET, text, at);
  const secret = found?.[1];
  return found === null || secret === undefined ? undefined : secretAt(at + found[0].length - secret.length, secret);
}

function secretAt(start: number, secret: string): Span | undefined {
  // 40 characters of hex are a commit or a SHA-1.
  const isSecret = /[A-Z]/.test(secret) && /[a-z]/.test(secret) && isVaried(secret, 8);
  return isSecret ? { start, end: start + secret.length } : undefined;
}

const SESSION =
  /(?:aws_?session_?token|sessiontoken|x-amz-security-token)(?:\\*["'])?\s{0,4}(?::=|=>|[:=]|%3[DdAa])\s{0,4}(?:\\*["'`])?((?:[A-Za-z0-9/+=_-]|%[0-9A-Fa-f]{2}){64,4096})/iy;

export const awsSessionToken: Detector = {
  name: 'aws-session-token',
  kind: 'CloudToken',
  description: 'session tokens of AWS behind a name for them, in presigned URLs too',
  example: 'aws_session_token = IQoJ…',
  anchors: ['aws_session_token', 'awssessiontoken', 'sessiontoken', 'x-amz-security-token'],
  match: (text, at) => lastGroupAt(SESSION, text, at),
};

const SIGNATURE = /x-amz-signature(?:=|%3[Dd])([0-9a-f]{64})/iy;

export const awsSignature: Detector = {
  name: 'aws-signature',
  kind: 'CloudToken',
  description: 'signatures of presigned URLs of AWS',
  example: 'X-Amz-Signature=3f1c…',
  anchors: ['x-amz-signature'],
  match: (text, at) => lastGroupAt(SIGNATURE, text, at),
};
