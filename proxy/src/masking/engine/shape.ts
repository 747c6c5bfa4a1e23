import type { Value } from '../document.ts';

/** What a document is, as far as the call tells. What it is beyond that, its own `kind` says. */
export type Shape =
  /** A whole body: object, list, Table, event of a watch, Status, options, a review. */
  | { readonly kind: 'body' }
  /** One object of the call's resource, whole or in part: an item of a list, a merge patch, an apply. */
  | { readonly kind: 'object' }
  /** A row of a Table that arrives in pieces, with the Table's `columnDefinitions` where they have come before it. */
  | { readonly kind: 'row'; readonly columns: Value | undefined }
  | { readonly kind: 'jsonPatch' };

export const BODY: Shape = { kind: 'body' };
export const OBJECT: Shape = { kind: 'object' };
export const JSON_PATCH: Shape = { kind: 'jsonPatch' };

/** What a body is by its media type, parameters left out. */
export function shapeOfType(mediaType: string): Shape {
  if (mediaType === 'application/json-patch+json') return JSON_PATCH;
  return mediaType.includes('patch') ? OBJECT : BODY;
}
