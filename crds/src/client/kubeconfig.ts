import { KubeConfig } from '@kubernetes/client-node';

export type { KubeConfig } from '@kubernetes/client-node';

/** A kubeconfig file. @throws Error of the file system, or of the YAML parser. */
export function kubeConfigFromFile(path: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(path);
  return config;
}

/** A kubeconfig given as YAML or JSON. */
export function kubeConfigFromString(text: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromString(text);
  return config;
}

/**
 * The ServiceAccount of the pod. The token is read from its file again once a minute (client-node `file_auth.ts`), so
 * a rotated one is taken up; KUBERNETES_SERVICE_HOST and _PORT are read by client-node itself.
 */
export function kubeConfigInCluster(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromCluster();
  return config;
}

/** The same cluster and credentials, with every call made as another user (`Impersonate-User`), if that is granted. */
export function kubeConfigImpersonating(config: KubeConfig, user: string): KubeConfig {
  const impersonating = new KubeConfig();
  impersonating.loadFromOptions({
    clusters: config.clusters,
    contexts: config.contexts,
    currentContext: config.currentContext,
    users: config.users.map((one) => ({ ...one, impersonateUser: user })),
  });
  return impersonating;
}
