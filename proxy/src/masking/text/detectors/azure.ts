import { type Detector, lastGroupAt, matchAt } from './detector.ts';
import { isVaried } from './shown-values.ts';

/** A key of 64 bytes (storage, Cosmos DB) or 32 (Service Bus, Event Hubs, IoT Hub) in base64. */
const NAMED_KEY =
  /(?:accountkey|sharedaccesskey|primarykey|secondarykey)(?:\\*["'])?\s{0,4}(?:[:=]|%3[DdAa])\s{0,4}(?:\\*["'])?((?:[A-Za-z0-9+/]|%2[BbFf]){43,88}(?:=|%3[Dd]){0,2})/iy;

export const azureStorageKey: Detector = {
  name: 'azure-access-key',
  kind: 'CloudToken',
  description: 'keys of Azure storage accounts, Cosmos DB, Service Bus and Event Hubs',
  example: 'AccountKey=Zm9v…',
  anchors: ['accountkey', 'sharedaccesskey', 'primarykey', 'secondarykey'],
  match(text, at) {
    const span = lastGroupAt(NAMED_KEY, text, at);
    return span !== undefined && isVaried(text.slice(span.start, span.end), 8) ? span : undefined;
  },
};

const CLIENT_SECRET = /[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~-])/y;
const BEFORE = 3;

export const azureClientSecret: Detector = {
  name: 'azure-client-secret',
  kind: 'CloudToken',
  description: 'client secrets of applications in Microsoft Entra',
  example: 'abc8Q~…',
  anchors: ['6q~', '7q~', '8q~', '9q~'],
  match(text, at) {
    const start = at - BEFORE;
    const found = start < 0 ? null : matchAt(CLIENT_SECRET, text, start);
    return found === null ? undefined : { start, end: start + found[0].length };
  },
};

const SIGNATURE = /sig(?:=|%3[Dd])((?:[A-Za-z0-9+/_-]|%[0-9A-Fa-f]{2}){43,96}={0,2})/iy;

export const azureSignature: Detector = {
  name: 'azure-sas-signature',
  kind: 'CloudToken',
  description: 'signatures of shared access URLs of Azure',
  example: '?sv=…&sig=Zm9v…',
  anchors: ['sig=', 'sig%3d'],
  match(text, at) {
    // `x-amz-sig=` or `design=` are others' parameters.
    if (at > 0 && !/[?&;\s"'`6]/.test(text.charAt(at - 1))) return undefined;
    const span = lastGroupAt(SIGNATURE, text, at);
    return span !== undefined && isVaried(text.slice(span.start, span.end), 10) ? span : undefined;
  },
};
