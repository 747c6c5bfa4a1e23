import { parseFieldPath } from '@chaperone/crds/validation/fieldpath';
import type { Value } from '../document.ts';
import { holdsPlaceholder } from '../text/placeholder.ts';
import { nodesOf } from './body.ts';
import { textAt } from './document-reading.ts';
import { causeBelow, type FieldNodes } from './field-node.ts';
import { placeOf } from './json-patch.ts';
import { pointerKeys } from './json-pointer.ts';
import type { Plan } from './plan.ts';
import type { Shape } from './shape.ts';

export type WriteBackReason = 'PlaceholderWritten' | 'MaskedFieldRead' | 'MaskedFieldSelected';

/** Why a call may not be made. The message is for the caller, and holds nothing of the body. */
export interface WriteBackRefusal {
  readonly reason: WriteBackReason;
  readonly message: string;
}

const MESSAGES: Readonly<Record<WriteBackReason, string>> = {
  PlaceholderWritten:
    'the body holds a placeholder of a masked value, which would replace the value: leave the field out, or patch only what is to change',
  MaskedFieldRead: 'the patch copies, moves or tests a field that is masked for you',
  MaskedFieldSelected: 'the selector names a field or a label that is masked for you',
};

const refusal = (reason: WriteBackReason): WriteBackRefusal => ({ reason, message: MESSAGES[reason] });

export interface Selectors {
  /** Names of fields, as field selectors have them. */
  readonly fields: readonly string[];
  readonly labels: readonly string[];
}

/** Keeps what a caller is not shown from being overwritten by its placeholder, or from being found out. */
export class WriteBack {
  readonly #plan: Plan;

  /** @param plan That of the caller's responses. */
  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** Judges a body. A placeholder is refused wherever it goes: it may come from another resource. */
  refusesBody(root: Value, shape: Shape): WriteBackRefusal | undefined {
    if (shape.kind === 'jsonPatch' && this.#readsMasked(root)) return refusal('MaskedFieldRead');
    return holdsAnyPlaceholder(root) ? refusal('PlaceholderWritten') : undefined;
  }

  /** Judges selectors: by what they select, one can find out a value a piece at a time. */
  refusesSelectors({ fields, labels }: Selectors): WriteBackRefusal | undefined {
    const nodes = nodesOf(this.#plan, undefined);
    if (causeBelow(nodes) === undefined) return undefined;
    const paths = [
      ...fields.map((field) => {
        const result = parseFieldPath(field);
        return result.kind === 'path' ? result.path.flatMap((part) => (part.kind === 'key' ? [part.key] : [])) : [];
      }),
      ...labels.map((label) => ['metadata', 'labels', label]),
    ];
    return paths.some((keys) => isMasked(keys, nodes)) ? refusal('MaskedFieldSelected') : undefined;
  }

  #readsMasked(root: Value): boolean {
    const nodes = nodesOf(this.#plan, undefined);
    if (root.kind !== 'list' || causeBelow(nodes) === undefined) return false;
    return root.items.some((operation) => readsMasked(operation, nodes));
  }
}

function readsMasked(operation: Value, nodes: FieldNodes): boolean {
  switch (textAt(operation, 'op')) {
    case 'copy':
    case 'move':
      return pointsToMasked(textAt(operation, 'from'), nodes);
    case 'test':
      return pointsToMasked(textAt(operation, 'path'), nodes);
    case undefined:
    default:
      return false;
  }
}

function pointsToMasked(pointer: string | undefined, nodes: FieldNodes): boolean {
  const keys = pointer === undefined ? undefined : pointerKeys(pointer);
  return keys === undefined || isMasked(keys, nodes);
}

/** At, above or below a masked place. */
function isMasked(keys: readonly string[], root: FieldNodes): boolean {
  const { nodes, cause } = placeOf(keys, root);
  return cause !== undefined || causeBelow(nodes) !== undefined;
}

function holdsAnyPlaceholder(root: Value): boolean {
  const pending: Value[] = [root];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (value.kind === 'text' && holdsPlaceholder(value.text)) return true;
    if (value.kind === 'list') for (const item of value.items) pending.push(item);
    if (value.kind === 'object') for (const member of value.members) pending.push(member.key, member.value);
  }
  return false;
}
