import type { Value } from '@chaperone/proxy/masking/document';
import { CallValues } from '@chaperone/proxy/masking/engine/call-values';
import type { Masker as RealMasker, MaskOptions, Masked } from '@chaperone/proxy/masking/engine/masker';
import type { Shape } from '@chaperone/proxy/masking/engine/shape';

/** Masks nothing. */
export class Masker implements Pick<RealMasker, 'text' | 'mask'> {
  text(): ReturnType<RealMasker['text']> {
    return { finder: () => [], replace: (_, value) => value };
  }

  mask(_root: Value, _shape: Shape, { values = new CallValues() }: MaskOptions = {}): Masked {
    return { edits: new Map(), counts: new Map(), values };
  }
}
