/** Whether the API server judges decisions as this product means it to. Names are `kind/name`. */
export type AdmissionState =
  | { readonly type: 'AsShipped' }
  | {
      readonly type: 'NotAsShipped';
      readonly missing: readonly string[];
      readonly changed: readonly string[];
    }
  /**
   * They are as shipped, and nobody knows what was done before they were: the API server may not go by them yet, and
   * the requests that there are have not been gone through.
   */
  | { readonly type: 'Settling' }
  /** They cannot be read at present, so nothing is known. */
  | { readonly type: 'Unreadable' };

/** In words, for a condition's message. */
export function describeAdmission(state: AdmissionState): string {
  switch (state.type) {
    case 'AsShipped':
      return 'the admission policies are as shipped';
    case 'NotAsShipped': {
      const missing = state.missing.length === 0 ? [] : [`missing: ${state.missing.join(', ')}`];
      const changed = state.changed.length === 0 ? [] : [`not as shipped: ${state.changed.join(', ')}`];
      return [...missing, ...changed].join('; ');
    }
    case 'Settling':
      return 'the admission policies were made or written to while nobody watched, and the requests are being gone through';
    case 'Unreadable':
      return 'the admission policies cannot be read';
    default:
      return state satisfies never;
  }
}
