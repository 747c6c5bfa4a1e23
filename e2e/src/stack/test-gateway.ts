import { startIssuer, type Issuer } from '../issuer/issuer.ts';
import type { ControlPlane, ControlPlaneOptions } from '../cluster/control-plane.ts';
import { choosePorts } from '../process/free-port.ts';
import { grantDevelopmentRights } from './development-rights.ts';
import type { GatewayOverrides } from './gateway.ts';
import { startProduct, type Product } from './product.ts';
import { AUDIENCE } from './servers.ts';
import { startTestControlPlane, type TestControlPlane } from './test-control-plane.ts';
import type { TestPlace } from './test-stack.ts';

/** A control plane with Chaperone in front of it: chart, operator and proxy, as `make up` starts them. */
export interface TestGateway extends TestControlPlane {
  readonly issuer: Issuer;
  readonly product: Product;
}

export interface TestGatewayOptions extends Pick<ControlPlaneOptions, 'apiserverArguments'> {
  /** In place of what `make up` gives the proxy; asked once the control plane is there. */
  readonly overrides?: GatewayOverrides | ((controlPlane: TestControlPlane) => Promise<GatewayOverrides>);
}

/** Starts one for a test that stops servers, or that needs settings of its own; the others share one. */
export async function startTestGateway(name: string, options: TestGatewayOptions = {}): Promise<TestGateway> {
  const { overrides: wanted, ...control } = options;
  const own = await startTestControlPlane(name, control);
  try {
    const overrides = typeof wanted === 'function' ? await wanted(own) : wanted;
    const { directories, supervisor, controlPlane } = own;
    const { issuer: port } = await choosePorts({ issuer: { variable: '' } }, {});
    const issuer = await startIssuer(supervisor, {
      directory: directories.issuer,
      port,
      certificateAuthority: controlPlane.credentials.authority,
      audience: AUDIENCE,
    });
    return { ...own, issuer, product: await startTestProduct(own, { controlPlane, issuer, overrides }) };
  } catch (error) {
    await own.stop();
    throw error;
  }
}

interface TestProductOptions {
  readonly controlPlane: ControlPlane;
  readonly issuer: Issuer;
  readonly overrides?: GatewayOverrides | undefined;
}

/** Starts Chaperone before a control plane that a test has. */
export async function startTestProduct(
  { directories, supervisor }: Pick<TestPlace, 'directories' | 'supervisor'>,
  { controlPlane, issuer, overrides }: TestProductOptions,
): Promise<Product> {
  const anyPort = { variable: '' };
  const ports = await choosePorts({ operatorAdmin: anyPort, gateway: anyPort, gatewayAdmin: anyPort }, {});
  await grantDevelopmentRights(directories, controlPlane);
  return startProduct(supervisor, {
    directories,
    controlPlane,
    issuer,
    ports,
    report: () => undefined,
    ...(overrides === undefined ? {} : { overrides }),
  });
}
