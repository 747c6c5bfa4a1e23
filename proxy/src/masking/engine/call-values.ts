import { KnownValues } from '../text/known-values.ts';
import { isPlaceholder } from '../text/placeholder.ts';
import type { Cause } from './cause.ts';

/**
 * The values that were masked in the bodies of one call, request and answer: a message, a Table or an event may show
 * them once more.
 */
export class CallValues {
  /** Of Secrets and tokens: searched in every text. */
  readonly secrets = new KnownValues();
  /**
   * These, and those of fields that rules name. Many of the latter are common words (`production`), so that they are
   * searched only in what shows fields in another form: messages, Tables, managed fields.
   */
  readonly all = new KnownValues();

  add(value: string, cause: Cause): void {
    if (isPlaceholder(value)) return;
    if (cause.alwaysOn) this.secrets.add(value);
    this.all.add(value);
  }
}
