/**
 * How Node is to be started for the operator, wherever it runs. V8 and glibc size what they keep by the machine's memory
 * otherwise, and let garbage grow to several times of what the operator needs before they give it back.
 *
 * The bound on the heap is no target: 1,000 policies of 5 rules take some 85 MiB of it, half of them code.
 */
export const NODE_FLAGS: readonly string[] = [
  '--max-semi-space-size=4',
  '--max-old-space-size=128',
  // Collects early. It costs some processor time while policies change, and none while they do not.
  '--optimize-for-size',
];

/** What glibc reads when the process starts: one heap for all threads, and large blocks go back to the kernel at once. */
export const NODE_ENVIRONMENT: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
};
