import type { JsonMapping } from '@chaperone/crds/expression/value';

/** Deepest nesting of a header or of claims. Keycloak's `resource_access` needs three. */
const MAX_DEPTH = 32;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads a JSON object that two parsers cannot read differently: valid UTF-8, no name twice in any object (RFC 7519,
 * section 4, leaves open which of two counts), bounded depth. `undefined` for anything else: the parser's own error
 * would quote the text, and that is a credential.
 */
export function parseJsonObject(bytes: Uint8Array): JsonMapping | undefined {
  try {
    const text = utf8.decode(bytes);
    const value: unknown = JSON.parse(text);
    return isJsonMapping(value) && isUnambiguous(text) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** JSON.parse gives nothing but JSON values, so an object that is no array is a mapping of them. */
function isJsonMapping(value: unknown): value is JsonMapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A string, with the colon that makes it a name, or a bracket. */
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|[{}[\]]/gu;

/** Whether no object has a name twice. `text` must be valid JSON. */
function isUnambiguous(text: string): boolean {
  const open: Set<string>[] = [];
  for (const [token, string, colon] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') {
      open.push(new Set());
      if (open.length > MAX_DEPTH) return false;
    } else if (token === '}' || token === ']') {
      open.pop();
    } else if (string !== undefined && colon !== undefined) {
      // Compared as read: "iss" and "is\u0073" are one name.
      const name = String(JSON.parse(string));
      const names = open.at(-1);
      if (names === undefined || names.has(name)) return false;
      names.add(name);
    }
  }
  return true;
}
