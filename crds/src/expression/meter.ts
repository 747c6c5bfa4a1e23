import { ExpressionFailure } from './failure.ts';
import { EVALUATION_BUDGET } from './limits.ts';

/**
 * Counts the work of the evaluation that runs. One per environment: CEL evaluation is synchronous, so no two
 * evaluations interleave, and a parameter through every function of the library is not to be had.
 */
export class Meter {
  #remaining = 0;
  #exceeded = false;

  /** Starts an evaluation with a full budget. */
  start(budget: number = EVALUATION_BUDGET): void {
    this.#remaining = budget;
    this.#exceeded = false;
  }

  /**
   * Takes `steps` from the budget.
   *
   * @throws ExpressionFailure `Budget`. `&&`, `||` and `all` absorb errors, so a caller must ask `exceeded` as well.
   */
  charge(steps: number): void {
    this.#remaining -= steps;
    if (this.#remaining >= 0) return;
    this.#exceeded = true;
    throw new ExpressionFailure('Budget', 'the expression does more work than one evaluation may');
  }

  /** Takes the cost of reading `text` once. */
  chargeText(text: string): void {
    this.charge(1 + (text.length >> 6));
  }

  /** Whether the evaluation that ran last used up its budget, even if the error was absorbed. */
  get exceeded(): boolean {
    return this.#exceeded;
  }
}
