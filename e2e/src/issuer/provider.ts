import { Provider, type AdapterFactory, type Configuration } from 'oidc-provider';
import type { Accounts } from './accounts.ts';
import { INTERACTION_PATH } from './interactions.ts';
import type { KeySet } from './key-set.ts';
import { confirmCodePage, escapeHtml, page, userCodePage } from './pages.ts';

/** What a provider is made of. All but the keys outlasts a rotation. */
export interface ProviderOptions {
  readonly url: string;
  readonly audience: string;
  /** Seconds. */
  readonly idTokenLifetime: number;
  readonly keys: KeySet;
  readonly accounts: Accounts;
  readonly adapter: AdapterFactory;
  /** Sign the cookies: those of a provider made with other keys would be refused. */
  readonly cookieKeys: readonly string[];
}

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** Native clients are told back on a port of their own (RFC 8252, section 7.3); the library lets the port vary. */
const REDIRECT_URIS = ['127.0.0.1', 'localhost', '[::1]'].flatMap((host) => [
  // With and without a path: they are compared as strings, and kubelogin sends none.
  `http://${host}`,
  `http://${host}/`,
  `http://${host}/callback`,
]);

/** An OpenID provider with one public client, whose identifier is the audience. */
export function newProvider(options: ProviderOptions): Provider {
  return new Provider(options.url, {
    adapter: options.adapter,
    jwks: { keys: options.keys },
    clients: [
      {
        client_id: options.audience,
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        redirect_uris: REDIRECT_URIS,
        response_types: ['code'],
        grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
        id_token_signed_response_alg: 'RS256',
      },
    ],
    findAccount: (_ctx, sub) => options.accounts.find(sub),
    // A client of Kubernetes sends the ID token and knows no userinfo, so the token itself says who it is for. Plugins ask
    // for `openid` alone unless told otherwise: that is enough.
    claims: {
      openid: ['sub', 'email', 'email_verified', 'groups'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    conformIdTokenClaims: false,
    scopes: ['openid', 'offline_access', 'email', 'groups'],
    // Without `offline_access` as well, as Keycloak does: the library ignores that scope unless the client also asks for
    // consent, which plugins do not.
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: () => false,
    clientBasedCORS: () => false,
    // What the client cannot use is not advertised.
    responseTypes: ['code'],
    clientAuthMethods: ['none'],
    interactions: { url: (_ctx, interaction) => INTERACTION_PATH + interaction.uid },
    cookies: { keys: [...options.cookieKeys] },
    ttl: {
      IdToken: options.idTokenLifetime,
      AccessToken: HOUR,
      AuthorizationCode: 60,
      DeviceCode: 600,
      Interaction: HOUR,
      Grant: 14 * DAY,
      RefreshToken: 14 * DAY,
      Session: 14 * DAY,
    },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      dPoP: { enabled: false },
      deviceFlow: {
        enabled: true,
        userCodeInputSource(ctx, form, _out, error) {
          ctx.body = userCodePage(form, error === undefined ? undefined : 'This code is not valid. Try again.');
        },
        userCodeConfirmSource(ctx, form, client, _deviceInfo, userCode) {
          ctx.body = confirmCodePage(form, client.clientId, userCode);
        },
        successSource(ctx) {
          ctx.body = page('Signed in', '<p>Your device is signed in. You can close this page.</p>');
        },
      },
    },
    renderError(ctx, out) {
      ctx.type = 'html';
      const reason = out.error_description === undefined ? '' : `: ${out.error_description}`;
      ctx.body = page('Sign-in failed', `<p role="alert">${escapeHtml(out.error + reason)}</p>`);
    },
  } satisfies Configuration);
}
