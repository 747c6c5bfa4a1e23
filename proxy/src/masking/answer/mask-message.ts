import { decodeJson } from '../codec/json-document.ts';
import { memberOf } from '../engine/document-reading.ts';
import type { Masker } from '../engine/masker.ts';
import { BODY } from '../engine/shape.ts';

/**
 * Masks what the API server said of a call that only the gateway made, as the message of a Status: it may quote anything
 * of the object that was sent, or of the one that is stored. Where something of the resource is masked all of it goes, as
 * nobody has read those objects.
 */
export function maskMessage(message: string, masker: Masker): string {
  const { root } = decodeJson(Buffer.from(JSON.stringify({ kind: 'Status', apiVersion: 'v1', message })));
  const { edits } = masker.mask(root, BODY, { requestDecoded: false });
  const value = memberOf(root, 'message');
  return (value?.kind === 'text' ? edits.get(value) : undefined) ?? message;
}
