import { customFetch, discovery } from 'openid-client';
import type { IssuerConfiguration } from './issuer-rules.ts';
import { IssuerHttpError, type IssuerHttp } from './issuer-http.ts';

/** A discovery document that does not belong to the issuer or names no keys. */
export class DiscoveryError extends Error {
  override readonly name = 'DiscoveryError';
  readonly code = 'ERR_DISCOVERY';
}

/**
 * Where the issuer publishes its keys, by OpenID Connect Discovery.
 *
 * @throws DiscoveryError, IssuerHttpError
 */
export async function discoverKeysUrl(
  issuer: Pick<IssuerConfiguration, 'url' | 'discoveryUrl' | 'audiences'>,
  http: IssuerHttp,
  signal?: AbortSignal,
): Promise<string> {
  const metadata = await readMetadata(issuer, http, signal);
  // openid-client compares normalised URLs and excuses some vendors. `iss` is compared as it is, so this is too.
  if (metadata.issuer !== issuer.url) {
    throw new DiscoveryError('issuer.url differs from the issuer that its discovery document names');
  }
  const keysUrl = metadata.jwks_uri;
  if (keysUrl === undefined || URL.parse(keysUrl)?.protocol !== 'https:') {
    throw new DiscoveryError('the discovery document names no jwks_uri with https');
  }
  return keysUrl;
}

async function readMetadata(
  { url, discoveryUrl, audiences }: Pick<IssuerConfiguration, 'url' | 'discoveryUrl' | 'audiences'>,
  http: IssuerHttp,
  signal: AbortSignal | undefined,
): Promise<{ readonly issuer: string; readonly jwks_uri?: string | undefined }> {
  let fault: unknown;
  try {
    const configuration = await discovery(new URL(url), audiences[0] ?? 'chaperone', undefined, undefined, {
      // Whatever URL the library would make up: Kubernetes takes discoveryURL as it is.
      [customFetch]: async () => {
        const body = await http.read(discoveryUrl, signal).catch((error: unknown) => {
          fault = error;
          throw error;
        });
        // Static hosting serves it under other types, and the body says itself whether it is JSON.
        return new Response(body, { headers: { 'content-type': 'application/json' } });
      },
    });
    return configuration.serverMetadata();
  } catch (cause) {
    if (fault instanceof IssuerHttpError) throw fault;
    throw new DiscoveryError('the discovery document cannot be used', { cause });
  }
}
