import 'vitest';
import type { GatewayContext } from '../proxy/gateway-context.ts';

/** What the global set-up of the integration and e2e projects gives every test, by `inject(name)`. All paths absolute. */
declare module 'vitest' {
  interface ProvidedContext {
    /** Direct, client certificate, `system:masters`. */
    readonly adminKubeconfig: string;
    readonly kubeApiUrl: string;
    readonly kubeApiCa: string;
    /** Holds `kubectl` and `helm` of the pinned versions. */
    readonly binDirectory: string;
    /** Plain HTTP, without security. It may still be starting: wait for it with `elasticsearchReady`. */
    readonly elasticsearchUrl: string;
    readonly issuerUrl: string;
    readonly issuerCa: string;
    readonly issuerAudience: string;
    /** Where the issuer's keys are, for `mintToken`. */
    readonly issuerDirectory: string;
    /** Chaperone before a control plane of its own, shared by tests that keep apart by user, group and namespace. */
    readonly gateway: GatewayContext;
  }
}
