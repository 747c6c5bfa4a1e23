/** Bounds on what is read before a request is known to be anybody's. */
export interface RequestLimits {
  /** Characters of the request target. Scripts given to `kubectl exec` and `in (...)` selectors make long queries. */
  readonly targetLength: number;
  /** Parameters of a query, empty ones included. Go's net/url stops reading at 10,000. */
  readonly parameters: number;
  /** Header lines. */
  readonly headers: number;
  /** Bytes of all header lines: names, values and what separates them. */
  readonly headerBytes: number;
}

export const DEFAULT_LIMITS: RequestLimits = {
  targetLength: 65_536,
  parameters: 1_000,
  headers: 128,
  headerBytes: 131_072,
};
