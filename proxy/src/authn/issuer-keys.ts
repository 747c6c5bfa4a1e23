import { sleep, type Clock } from '@chaperone/crds/client/clock';
import type { CryptoKey } from 'jose';
import { AuthenticationError } from './authentication-error.ts';
import type { CompactToken } from './compact-token.ts';
import { discoverKeysUrl } from './discovery.ts';
import { newIssuerHttp } from './issuer-http.ts';
import type { IssuerConfiguration } from './issuer-rules.ts';
import { readKeySet, type KeySet } from './key-set.ts';
import { newTokenBucket } from './token-bucket.ts';

/** The keys of one issuer, kept fresh. */
export interface IssuerKeys {
  /** Grows whenever other keys are published than before: what was verified earlier must be verified again. */
  readonly generation: number;
  /** Once true it stays so: keys that were read go on serving while the issuer is down. */
  readonly ready: boolean;
  /** @throws AuthenticationError `KeyUnknown`, `IssuerUnavailable` or `SignatureInvalid` */
  keyFor(token: CompactToken): Promise<CryptoKey>;
  /** Reads the keys, again and again, until the signal aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

/** What became of one attempt to read the keys. */
export type KeysRead =
  | { readonly kind: 'KeysRead'; readonly issuer: string; readonly keys: number; readonly changed: boolean }
  | { readonly kind: 'KeysNotRead'; readonly issuer: string; readonly error: unknown };

export interface IssuerKeysOptions {
  readonly issuer: IssuerConfiguration;
  readonly clock: Clock;
  readonly observe?: ((event: KeysRead) => void) | undefined;
  /** Until the keys have been read once; 10 s, as in Kubernetes. */
  readonly retryMs?: number;
  /** Between reads after that, so that a key that was withdrawn stops counting; 5 min. */
  readonly refreshMs?: number;
  /** One read for an unknown key in this time, after a burst of three; 10 s. */
  readonly unknownKeyMs?: number;
  readonly timeoutMs?: number;
}

export function newIssuerKeys(options: IssuerKeysOptions): IssuerKeys {
  const { issuer, clock, observe, retryMs = 10_000, refreshMs = 300_000, unknownKeyMs = 10_000 } = options;
  const { certificateAuthority } = issuer;
  const http = newIssuerHttp({
    certificateAuthority,
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });
  const unknownKeys = newTokenBucket({ capacity: 3, refillMs: unknownKeyMs, clock });
  let keysUrl: string | undefined;
  let keys: KeySet | undefined;
  let generation = 0;
  let attempts = 0;
  let reading: Promise<boolean> | undefined;

  /** Reads the keys once, whoever asks meanwhile; whether it went well. */
  function read(discover: boolean, signal?: AbortSignal): Promise<boolean> {
    reading ??= attempt(discover, signal).finally(() => {
      reading = undefined;
    });
    return reading;
  }

  async function attempt(discover: boolean, signal: AbortSignal | undefined): Promise<boolean> {
    attempts += 1;
    try {
      if (discover || keysUrl === undefined) keysUrl = await discoverKeysUrl(issuer, http, signal);
      const next = readKeySet(parse(await http.read(keysUrl, signal)));
      const changed = next.fingerprint !== keys?.fingerprint;
      if (changed) {
        keys = next;
        generation += 1;
      }
      observe?.({ kind: 'KeysRead', issuer: issuer.url, keys: next.size, changed });
      return true;
    } catch (error) {
      if (signal?.aborted !== true) observe?.({ kind: 'KeysNotRead', issuer: issuer.url, error });
      return false;
    }
  }

  /** The keys, as soon as they were read once; only the first attempt is waited for. */
  async function present(): Promise<KeySet> {
    if (keys === undefined && attempts === 1) await reading;
    if (keys === undefined) throw new AuthenticationError('IssuerUnavailable');
    return keys;
  }

  /** After a rotation tokens come with a key that is not known yet. So does whatever an attacker makes up. */
  async function refreshed(keyId: string): Promise<KeySet> {
    if (reading === undefined && !unknownKeys.take()) throw new AuthenticationError('KeyUnknown');
    if (!(await read(false))) throw new AuthenticationError('IssuerUnavailable');
    const latest = await present();
    if (!latest.has(keyId)) throw new AuthenticationError('KeyUnknown');
    return latest;
  }

  return {
    get generation() {
      return generation;
    },
    get ready() {
      return (keys?.size ?? 0) > 0;
    },
    async keyFor(token) {
      const known = await present();
      const { keyId } = token;
      return (keyId === undefined || known.has(keyId) ? known : await refreshed(keyId)).keyFor(token);
    },
    async run(signal) {
      while (!signal.aborted) {
        await read(true, signal);
        await sleep(clock, keys === undefined || keys.size === 0 ? retryMs : refreshMs, signal);
      }
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TypeError('the answer is not JSON', { cause });
  }
}
