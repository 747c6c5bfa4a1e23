import { choosePorts } from '@chaperone/e2e/process/free-port';
import { claimTestPlace, type TestPlace } from '@chaperone/e2e/stack/test-stack';

/** A stack of a test file's own, for a server with settings that no other test wants. */
export interface LocalStack extends TestPlace {
  readonly httpPort: number;
}

export async function newLocalStack(): Promise<LocalStack> {
  const { http } = await choosePorts({ http: { variable: '' } }, {});
  return { ...(await claimTestPlace('elasticsearch')), httpPort: http };
}
