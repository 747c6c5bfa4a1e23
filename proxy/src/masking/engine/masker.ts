import type { Edits, Value } from '../document.ts';
import type { Finder } from '../text/find.ts';
import type { KnownValues } from '../text/known-values.ts';
import type { Replace } from '../text/mask-text.ts';
import { walkDocument } from './body.ts';
import { CallValues } from './call-values.ts';
import type { Plan } from './plan.ts';
import { search, type SearchFacts } from './search.ts';
import type { Shape } from './shape.ts';
import { Walk } from './walk.ts';

export interface Masked {
  readonly edits: Edits;
  /** How many values each rule or built-in masked. */
  readonly counts: ReadonlyMap<string, number>;
  /** The values that were masked, to be found again in the other bodies of the call. */
  readonly values: CallValues;
}

export interface MaskOptions extends Partial<SearchFacts> {
  /**
   * From the bodies of the call that came before, its request above all; of the same target, or the caller would not be
   * shown what no rule masks. What is masked here is added.
   */
  readonly values?: CallValues;
}

/**
 * Masks the documents of one kind of call. Pure but for the values that it is given, and linear in the document.
 *
 * In records (target Audit) placeholders stand as they are, for bytes, too: records are written from the values and the
 * edits, as JSON. In answers they are base64 where clients decode base64.
 */
export class Masker {
  readonly #plan: Plan;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** How text that is no document is searched: logs, request targets, headers, commands. */
  text(values?: CallValues): { readonly finder: Finder; readonly replace: Replace; readonly known?: KnownValues } {
    const { texts } = this.#plan;
    const known = values?.all;
    return { finder: texts.finder(known), replace: texts.replace, ...(known === undefined ? {} : { known }) };
  }

  mask(root: Value, shape: Shape, { values = new CallValues(), requestDecoded = true }: MaskOptions = {}): Masked {
    const walk = new Walk(this.#plan, values);
    walkDocument(walk, root, shape);
    search(walk, { requestDecoded });
    return { edits: walk.edits, counts: walk.counts, values };
  }
}
