import type { TestGateway } from '@chaperone/e2e/stack/test-gateway';

/** What a test knows of a running gateway; plain values, so that they pass from the set-up to the workers. */
export interface GatewayContext {
  readonly url: string;
  /** Path of the authority of its certificate, and of the API server's. */
  readonly caFile: string;
  readonly adminUrl: string;
  readonly operatorAdminUrl: string;
  readonly stateDirectory: string;
  /** Of the keys that sign its records, and of their public halves. */
  readonly signingKeyDirectory: string;
  /** Direct, `system:masters`. */
  readonly adminKubeconfig: string;
  readonly kubeApiUrl: string;
  /** Where the issuer's keys are, for `mintToken`. */
  readonly issuerDirectory: string;
  readonly binDirectory: string;
  /** Logs of the processes: `operator.log`, `gateway.log`, ... */
  readonly logDirectory: string;
}

export const gatewayContext = ({
  product,
  controlPlane,
  directories,
  issuer,
  supervisor,
}: Pick<TestGateway, 'product' | 'controlPlane' | 'directories' | 'issuer' | 'supervisor'>): GatewayContext => ({
  url: product.gateway.url,
  caFile: product.gateway.caFile,
  adminUrl: product.gateway.adminUrl,
  operatorAdminUrl: product.operatorAdminUrl,
  stateDirectory: directories.state,
  signingKeyDirectory: product.gateway.signingKeys,
  adminKubeconfig: controlPlane.adminKubeconfig,
  kubeApiUrl: controlPlane.url,
  issuerDirectory: issuer.directory,
  binDirectory: directories.bin,
  logDirectory: `${supervisor.directory}/logs`,
});
