import { stepElement, stepKey, type FieldNode, type FieldNodes } from './field-node.ts';

/** The keys of a JSON pointer (RFC 6901); undefined where the text is none. */
export function pointerKeys(pointer: string): readonly string[] | undefined {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) return undefined;
  return pointer
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Whether a key may be an index of a list, or the place after its end. */
export const isIndex = (key: string): boolean => /^(?:-|[0-9]+)$/u.test(key);

/** The places of a key or an index: what looks like an index may be a key, too. */
export function stepPointer(nodes: FieldNodes, key: string): FieldNodes {
  const named = stepKey(nodes, key);
  if (!isIndex(key)) return named;
  const elements = stepElement(nodes);
  return named.length === 0 ? elements : [...new Set<FieldNode>([...named, ...elements])];
}
