import { describe, expect, test } from 'vitest';
import { gatewaySchema } from './configuration.ts';
import { CONFIGURATION_HASH_ANNOTATION, workloadOf, type Workload } from './workload.ts';

const of = (configuration: unknown, serviceAccountUid = 'account'): Workload =>
  workloadOf({
    configuration: gatewaySchema.parse(configuration),
    namespace: 'chaperone-system',
    ownerReferences: [],
    serviceAccountUid,
  });

const hashOf = ({ deployment, statefulSet }: Workload): string | undefined =>
  (deployment ?? statefulSet)?.spec?.template?.metadata?.annotations?.[CONFIGURATION_HASH_ANNOTATION];

describe('the hash that rolls the pods', () => {
  test.each<{ name: string; configuration: unknown; account?: string; rolls: boolean }>([
    {
      name: 'the same configuration, written in another order',
      configuration: { proxy: { configuration: { b: { d: 2, c: 1 }, a: 1 } } },
      rolls: false,
    },
    {
      name: 'another number of replicas',
      configuration: { replicas: 5, proxy: { configuration: { a: 1, b: { c: 1, d: 2 } } } },
      rolls: false,
    },
    {
      name: 'another type of Service',
      configuration: { service: { type: 'LoadBalancer' }, proxy: { configuration: { a: 1, b: { c: 1, d: 2 } } } },
      rolls: false,
    },
    {
      name: 'other configuration of the proxy',
      configuration: { proxy: { configuration: { a: 2, b: { c: 1, d: 2 } } } },
      rolls: true,
    },
    {
      name: 'other resources',
      configuration: {
        proxy: { resources: { limits: { memory: '2Gi' } }, configuration: { a: 1, b: { c: 1, d: 2 } } },
      },
      rolls: true,
    },
    {
      name: 'a ServiceAccount that was made anew',
      configuration: { proxy: { configuration: { a: 1, b: { c: 1, d: 2 } } } },
      account: 'another',
      rolls: true,
    },
  ])('$name: $rolls', ({ configuration, account, rolls }) => {
    const before = hashOf(of({ proxy: { configuration: { a: 1, b: { c: 1, d: 2 } } } }));
    expect(before).toMatch(/^[0-9a-f]{32}$/);
    expect(hashOf(of(configuration, account)) !== before).toBe(rolls);
  });
});

test('replicas that something else sets are not claimed', () => {
  expect(of({ replicas: null }).deployment?.spec).not.toHaveProperty('replicas');
  expect(of({}).deployment?.spec?.replicas).toBe(2);
});

test('pods mount the certificate and its key, never the key of the authority', () => {
  const volumes = of({}).deployment?.spec?.template?.spec?.volumes ?? [];
  expect(volumes.find(({ name }) => name === 'tls')?.secret?.items).toEqual([
    { key: 'tls.crt', path: 'tls.crt' },
    { key: 'tls.key', path: 'tls.key' },
  ]);
});

test('persistence is a volume for each replica, in place of the emptyDir', () => {
  const { deployment, statefulSet } = of({ wal: { persistence: { size: '5Gi', storageClassName: 'fast' } } });
  expect(deployment).toBeUndefined();
  expect(statefulSet?.spec?.volumeClaimTemplates).toMatchObject([
    { metadata: { name: 'state' }, spec: { storageClassName: 'fast', resources: { requests: { storage: '5Gi' } } } },
  ]);
  const volumes = statefulSet?.spec?.template?.spec?.volumes ?? [];
  expect(volumes.map(({ name }) => name)).not.toContain('state');
  expect(of({}).deployment?.spec?.template?.spec?.volumes?.map(({ name }) => name)).toContain('state');
});

describe('a configuration', () => {
  test.each<{ name: string; value: unknown; path: string }>([
    { name: 'with an unknown option', value: { repicas: 2 }, path: '' },
    {
      name: 'with a certificate that outlives its authority',
      value: { tls: { certificateDays: 90, authorityDays: 180 } },
      path: 'tls.certificateDays',
    },
    {
      name: 'that asks cert-manager without an issuer',
      value: { tls: { mode: 'CertManager' } },
      path: 'tls.issuerRef',
    },
    {
      name: 'with a size that is none',
      value: { wal: { persistence: { size: 'large' } } },
      path: 'wal.persistence.size',
    },
  ])('$name is refused, by its path', ({ value, path }) => {
    const { error } = gatewaySchema.safeParse(value);
    expect(error?.issues.map((issue) => issue.path.join('.'))).toContain(path);
  });
});
