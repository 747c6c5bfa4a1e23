import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  loadCertificateAuthority,
  newCertificateAuthority,
  type CertificateAuthority,
  type CertificateRequest,
  type KeyPair,
} from '../certificates/authority.ts';
import { replaceFile } from '../process/replace-file.ts';
import { kubeconfig } from './kubeconfig.ts';

const OWNER_ONLY = 0o600;

/** Address of the node's bridge, which kube-apiserver advertises when there is a node. */
export const NODE_ADDRESS = '10.77.0.1';
/** First address of the service range: the Service `kubernetes`. */
const KUBERNETES_SERVICE_ADDRESS = '10.96.0.1';

/** The keys and certificates of one control plane. Made once; a restart of the stack finds them again. */
export interface ClusterCredentials {
  readonly directory: string;
  readonly authority: CertificateAuthority;
  /** Path of a file of this directory, e.g. `file('ca.crt')`. */
  readonly file: (name: string) => string;
  /** A client certificate, issued by the cluster's authority on first use. */
  clientCertificate(name: string, commonName: string, organizations?: readonly string[]): Promise<KeyPair>;
  /** Writes a kubeconfig for such a client and answers its path. */
  clientKubeconfig(client: ClientKubeconfig): Promise<string>;
}

export interface ClientKubeconfig {
  readonly file: string;
  readonly server: string;
  readonly user: string;
  readonly groups?: readonly string[];
}

/** Makes or finds everything that the control plane needs under `directory`. */
export async function clusterCredentials(directory: string): Promise<ClusterCredentials> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = (name: string): string => join(directory, name);
  const authority = await keptAuthority(file('ca'), 'chaperone-kubernetes');
  const frontProxyAuthority = await keptAuthority(file('front-proxy-ca'), 'chaperone-front-proxy');
  const kept = async (name: string, signer: CertificateAuthority, request: CertificateRequest): Promise<KeyPair> => {
    const existing = readKeyPair(file(name));
    if (existing !== undefined) return existing;
    const issued = await signer.issue(request);
    writeKeyPair(file(name), issued);
    return issued;
  };

  await kept('kube-apiserver', authority, {
    commonName: 'kube-apiserver',
    dnsNames: [
      'localhost',
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      'kubernetes.default.svc.cluster.local',
    ],
    ipAddresses: ['127.0.0.1', NODE_ADDRESS, KUBERNETES_SERVICE_ADDRESS],
    usages: ['server'],
  });
  // Whoever reaches etcd is above the API server: only holders of these two certificates do. An authority of its own, as
  // every client certificate of the cluster's would open it too.
  const etcdAuthority = await keptAuthority(file('etcd-ca'), 'chaperone-etcd');
  await kept('etcd', etcdAuthority, { commonName: 'etcd', ipAddresses: ['127.0.0.1'], usages: ['server', 'client'] });
  await kept('etcd-client', etcdAuthority, { commonName: 'kube-apiserver', usages: ['client'] });
  for (const name of ['kube-controller-manager', 'kube-scheduler']) {
    await kept(name, authority, { commonName: name, ipAddresses: ['127.0.0.1'], usages: ['server'] });
  }
  await kept('kubelet-client', authority, {
    commonName: 'kube-apiserver-kubelet-client',
    organizations: ['system:masters'],
    usages: ['client'],
  });
  await kept('front-proxy-client', frontProxyAuthority, { commonName: 'front-proxy-client', usages: ['client'] });
  ensureServiceAccountKey(file('service-account'));

  const clientCertificate: ClusterCredentials['clientCertificate'] = (name, commonName, organizations = []) =>
    kept(name, authority, { commonName, organizations, usages: ['client'] });
  return {
    directory,
    authority,
    file,
    clientCertificate,
    async clientKubeconfig({ file: name, server, user, groups }) {
      const keyPair = await clientCertificate(`client-${name}`, user, groups);
      const certificateAuthority = authority.keyPair.certificate;
      const text = kubeconfig({ server, certificateAuthority, user, credential: { kind: 'certificate', keyPair } });
      const path = file(`${name}.kubeconfig`);
      replaceFile(path, text, OWNER_ONLY);
      return path;
    },
  };
}

async function keptAuthority(path: string, commonName: string): Promise<CertificateAuthority> {
  const existing = readKeyPair(path);
  if (existing !== undefined) return loadCertificateAuthority(existing);
  const made = await newCertificateAuthority(commonName);
  writeKeyPair(path, made.keyPair);
  return made;
}

function readKeyPair(path: string): KeyPair | undefined {
  if (!existsSync(`${path}.crt`) || !existsSync(`${path}.key`)) return undefined;
  return { certificate: readFileSync(`${path}.crt`, 'utf8'), key: readFileSync(`${path}.key`, 'utf8') };
}

function writeKeyPair(path: string, keyPair: KeyPair): void {
  replaceFile(`${path}.key`, keyPair.key, OWNER_ONLY);
  replaceFile(`${path}.crt`, keyPair.certificate, OWNER_ONLY);
}

/** The key that signs ServiceAccount tokens: RSA, as OIDC clients of the cluster's own issuer expect RS256. */
function ensureServiceAccountKey(path: string): void {
  if (existsSync(`${path}.pub`) && existsSync(`${path}.key`)) return;
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  replaceFile(`${path}.key`, privateKey, OWNER_ONLY);
  replaceFile(`${path}.pub`, publicKey, OWNER_ONLY);
}
