import { inject } from 'vitest';
import { newKubectl, type Kubectl } from '../node/kubectl.ts';
import { newTestNamespace, type TestNamespace } from '../node/test-namespace.ts';
import { newGatewayClient, type GatewayClient } from './gateway-client.ts';

/** Answers any request for an upgrade to a WebSocket, and then sends back each byte: no more than a test needs. */
const WEBSOCKET_ECHO = String.raw`
while read -r line; do
  line=$(printf %s "$line" | tr -d '\r')
  [ -z "$line" ] && break
  case "$line" in [Ss]ec-[Ww]eb[Ss]ocket-[Kk]ey:*) key=$(printf %s "$line" | cut -d' ' -f2) ;; esac
done
accept=$(printf %s%s "$key" 258EAFA5-E914-47DA-95CA-C5AB0DC85B11 | sha1sum | cut -c1-40 | xxd -r -p | base64)
printf 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
printf 'Sec-WebSocket-Accept: %s\r\n\r\n' "$accept"
exec cat`;

const PODS: Readonly<Record<string, string>> = {
  shell: 'exec sleep 100000',
  web: 'mkdir /www && head -c 3000000 /dev/urandom > /www/random && exec httpd -f -p 8080 -h /www',
  ticker: 'i=0; while true; do echo tick $i; i=$((i+1)); sleep 0.2; done',
  typist: 'while read line; do echo "<$line>"; done',
  echo: `cat > /echo.sh <<'END'${WEBSOCKET_ECHO}\nEND\nexec nc -ll -p 8080 -e sh /echo.sh`,
};

/** Pods of a namespace, reached directly and through the gateway. */
export interface StreamsScene {
  readonly client: GatewayClient;
  readonly namespace: TestNamespace;
  /** Of a caller whom policy allows all streams. */
  readonly token: string;
  readonly user: string;
  readonly group: string;
  readonly direct: (env?: Readonly<Record<string, string>>) => Kubectl;
  readonly through: (env?: Readonly<Record<string, string>>, token?: string) => Kubectl;
  readonly remove: () => Promise<void>;
}

/** @param binDirectory where kubectl is; that of the cluster's own version unless given. */
export async function newStreamsScene(name: string, binDirectory?: string): Promise<StreamsScene> {
  const context = inject('gateway');
  const client = newGatewayClient(context);
  const namespace = await newTestNamespace(name);
  const user = `${name}@example.com`;
  const token = await client.token({ user, groups: ['agents', name] });
  await Promise.all([
    ...Object.entries(PODS).map(([pod, script]) =>
      namespace.runPod(pod, ['sh', '-c', script], pod === 'typist' ? { containers: [{ stdin: true }] } : {}),
    ),
    client.applyPolicy(name, {
      mode: 'Enforce',
      subjects: [{ kind: 'Group', name }],
      rules: [
        {
          name: 'streams',
          action: 'Allow',
          verbs: ['*'],
          apiGroups: [''],
          resources: ['pods', 'pods/log', 'pods/exec', 'pods/attach', 'pods/portforward', 'pods/proxy'],
          namespaces: [namespace.name],
        },
      ],
    }),
  ]);
  const clients = { binDirectory: binDirectory ?? context.binDirectory, namespace: namespace.name };
  return {
    client,
    namespace,
    token,
    user,
    group: name,
    direct: (env = {}) => newKubectl({ ...clients, kubeconfig: context.adminKubeconfig, env }),
    through: (env = {}, of = token) => newKubectl({ ...clients, kubeconfig: client.kubeconfigOf(of), env }),
    async remove() {
      await client.deletePolicy(name);
      await client.close();
      await namespace.remove();
    },
  };
}

/** Both ways in which kubectl may stream. */
export const PROTOCOLS = [
  { protocol: 'WebSocket', websockets: 'true', verb: 'GET' },
  { protocol: 'SPDY', websockets: 'false', verb: 'POST' },
] as const;

export const protocolVariables = (websockets: string): Readonly<Record<string, string>> => ({
  KUBECTL_REMOTE_COMMAND_WEBSOCKETS: websockets,
  KUBECTL_PORT_FORWARD_WEBSOCKETS: websockets,
});
