import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';

interface Entry {
  readonly payload: AdapterPayload;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Far more than tests leave behind within the lifetime of an entry; beyond it the oldest go. */
const MAX_ENTRIES = 10_000;

/**
 * A store of sessions, codes and tokens in memory.
 *
 * The library's own belongs to one provider. A rotation of keys makes a new provider, and what people have signed in to
 * must outlast it. Look-ups by anything but the identifier walk all entries, which a test issuer can afford.
 */
export function newMemoryAdapter(now: () => number = Date.now): AdapterFactory {
  const entries = new Map<string, Entry>();

  function live(key: string): AdapterPayload | undefined {
    const entry = entries.get(key);
    if (entry === undefined || entry.expiresAt > now()) return entry?.payload;
    entries.delete(key);
    return undefined;
  }

  return (model: string): Adapter => {
    const prefix = `${model}:`;
    const findBy = (matches: (payload: AdapterPayload) => boolean): AdapterPayload | undefined => {
      for (const key of entries.keys()) {
        const payload = key.startsWith(prefix) ? live(key) : undefined;
        if (payload !== undefined && matches(payload)) return payload;
      }
      return undefined;
    };
    return {
      async upsert(id, payload, expiresIn) {
        const key = prefix + id;
        const expiresAt = expiresIn === undefined ? Infinity : now() + expiresIn * 1000;
        // Taken out first: a map keeps its order of insertion, and the oldest go first.
        entries.delete(key);
        entries.set(key, { payload, expiresAt });
        for (const oldest of entries.keys()) {
          if (entries.size <= MAX_ENTRIES) break;
          entries.delete(oldest);
        }
      },
      find: async (id) => live(prefix + id),
      findByUid: async (uid) => findBy((payload) => payload.uid === uid),
      findByUserCode: async (userCode) => findBy((payload) => payload.userCode === userCode),
      async consume(id) {
        const payload = live(prefix + id);
        if (payload !== undefined) payload.consumed = Math.floor(now() / 1000);
      },
      async destroy(id) {
        entries.delete(prefix + id);
      },
      async revokeByGrantId(grantId) {
        for (const [key, { payload }] of entries) {
          if (key.startsWith(prefix) && payload.grantId === grantId) entries.delete(key);
        }
      },
    };
  };
}
