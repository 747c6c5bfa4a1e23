const OWN_REFUSALS = ['cannot impersonate-on:', 'cannot impersonate:', 'cannot impersonate resource'].map((words) =>
  Buffer.from(words),
);

/**
 * Whether a 403 of the API server is about the gateway's own rights and not about the caller's (KEP-5284): those follow
 * the policies within seconds. A caller who provokes these words gets 429 in place of 403, and nothing else.
 *
 * @param body JSON or protobuf; both hold the words as they are.
 */
export const isOwnRightsRefusal = (body: Buffer): boolean => OWN_REFUSALS.some((words) => body.includes(words));
