import { readFileSync } from 'node:fs';
import { systemClock } from '@chaperone/crds/client/clock';
import type { Connection } from '@chaperone/crds/client/connection';
import { newAuthenticator, type AuthenticationEvent, type Authenticator } from '@chaperone/proxy/authn/authenticator';
import { parseAuthenticationConfiguration } from '@chaperone/proxy/authn/configuration';
import type { Identity } from '@chaperone/proxy/authn/identity';
import { serviceAccountSettings, type ServiceAccountSettings } from '@chaperone/proxy/authn/service-account-settings';

/** An authenticator as the gateway runs it. */
export interface RunningAuthenticator {
  readonly authenticator: Authenticator;
  readonly events: readonly AuthenticationEvent[];
  authenticate(token: string): Promise<Identity>;
  stop(): void;
}

export interface RunAuthenticatorOptions {
  readonly issuer?: { readonly url: string; readonly caFile: string; readonly audience: string };
  readonly serviceAccounts?: Partial<ServiceAccountSettings>;
  readonly request?: Connection['request'];
  /** Until the issuer answers, in milliseconds. */
  readonly retryMs?: number;
}

/** Starts one. It is ready when its issuer has answered. */
export function runAuthenticator(options: RunAuthenticatorOptions): RunningAuthenticator {
  const { issuer, serviceAccounts = { enabled: false }, retryMs = 200 } = options;
  const events: AuthenticationEvent[] = [];
  const stop = new AbortController();
  const authenticator = newAuthenticator({
    configuration: parseAuthenticationConfiguration({
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'AuthenticationConfiguration',
      jwt: issuer === undefined ? [] : [entryOf(issuer)],
    }),
    serviceAccounts: serviceAccountSettings.parse(serviceAccounts),
    request: options.request ?? (() => Promise.reject(new Error('the API server was asked'))),
    clock: systemClock,
    observe: (event) => void events.push(event),
    keys: { retryMs, timeoutMs: 5_000 },
  });
  void authenticator.run(stop.signal);
  return {
    authenticator,
    events,
    authenticate: (token) =>
      authenticator.authenticate({ credentials: { kind: 'bearer', token }, clientCertificate: false }),
    stop: () => stop.abort(),
  };
}

const entryOf = ({ url, caFile, audience }: NonNullable<RunAuthenticatorOptions['issuer']>) => ({
  issuer: { url, audiences: [audience], certificateAuthority: readFileSync(caFile, 'utf8') },
  claimMappings: {
    username: { claim: 'email', prefix: '' },
    groups: { claim: 'groups', prefix: '' },
    extra: [{ key: 'chaperone.dev/run', valueExpression: "has(claims.run) ? claims.run : ''" }],
  },
});
