import { stringify } from 'yaml';
import type { KeyPair } from '../certificates/authority.ts';

/** How the user of a kubeconfig proves who it is. */
export type Credential =
  | { readonly kind: 'certificate'; readonly keyPair: KeyPair }
  | { readonly kind: 'token'; readonly token: string };

export interface KubeconfigOptions {
  readonly server: string;
  /** PEM. */
  readonly certificateAuthority: string;
  readonly user: string;
  readonly credential: Credential;
}

/** A kubeconfig with one cluster, one user and one context; everything inline, so that the file can be moved. */
export function kubeconfig(options: KubeconfigOptions): string {
  const cluster = 'chaperone';
  const { credential } = options;
  const user =
    credential.kind === 'token'
      ? { token: credential.token }
      : {
          'client-certificate-data': base64(credential.keyPair.certificate),
          'client-key-data': base64(credential.keyPair.key),
        };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: cluster,
        cluster: { server: options.server, 'certificate-authority-data': base64(options.certificateAuthority) },
      },
    ],
    users: [{ name: options.user, user }],
    contexts: [{ name: options.user, context: { cluster, user: options.user } }],
    'current-context': options.user,
  });
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
