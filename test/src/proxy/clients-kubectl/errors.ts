import { manifest, type Scenarios } from './scenario.ts';

const deployment = (spec: unknown): unknown => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'bad' },
  spec,
});
const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'i' }] } };

export const errors: Scenarios = {
  'what is not there, is there already, or is in the way is told': [
    'get pod none',
    'get pods,configmaps none',
    'get nothings',
    'get deployments.v9.apps',
    'describe pod none',
    'get configmaps --namespace=none-{twin}',
    'create configmap one --namespace=none-{twin}',
    'create configmap one',
    'create configmap one',
    { command: 'annotate configmap one a=b --resource-version=1' },
    'get configmaps --field-selector=data.colour=blue',
    'get configmaps --selector=a=b=c',
    'logs none',
    'scale deployment/none --replicas=1',
    'get --filename=/none.yaml',
  ],
  'what is not valid is told, field by field': [
    { command: 'create --filename=-', input: deployment({ selector: { matchLabels: { app: 'other' } }, template }) },
    { command: 'create --filename=-', input: deployment({ selector: {}, template: {} }) },
    { command: 'apply --filename=-', input: deployment({ replicas: 'two' }) },
    {
      command: 'apply --filename=-',
      input: deployment({ nothing: true, selector: { matchLabels: { app: 'web' } }, template }),
    },
    {
      command: 'apply --validate=warn --filename=-',
      input: deployment({ nothing: 1, replicas: 0, selector: { matchLabels: { app: 'web' } }, template }),
    },
    {
      command: 'apply --server-side --filename=-',
      input: deployment({ nothing: 1, selector: { matchLabels: { app: 'web' } }, template }),
    },
    { command: 'create --filename=-', input: 'apiVersion: v1\nkind: ConfigMap\nmetadata: [' },
    { command: 'create --filename=-', input: { apiVersion: 'v9', kind: 'Nothing', metadata: { name: 'a' } } },
    { command: ['patch', 'deployment', 'bad', '--patch={"spec":{"selector":{"matchLabels":{"app":"changed"}}}}'] },
    { command: ['patch', 'deployment', 'bad', '--patch={"spec":{"replicas":-1}}'] },
    {
      command: [
        'patch',
        'deployment',
        'bad',
        '--type=json',
        '--patch=[{"op":"test","path":"/spec/replicas","value":9}]',
      ],
    },
    'create configmap UPPER',
    'label deployment bad a/b/c=d',
    'create service clusterip web --tcp=99999:1',
    'create role reader --verb=get --resource=nothings',
    'create token default --duration=1m',
  ],
  'what RBAC refuses is told in its own words': [
    { command: 'get pods', as: 'unprivileged' },
    { command: 'get pod one', as: 'unprivileged' },
    { command: 'get nodes', as: 'unprivileged' },
    { command: 'get pods --all-namespaces', as: 'unprivileged' },
    { command: 'get pods --watch', as: 'unprivileged' },
    { command: 'create configmap one', as: 'unprivileged' },
    { command: 'delete configmap one', as: 'unprivileged' },
    { command: `apply --filename=${manifest('web.yaml')}`, as: 'unprivileged' },
    { command: `apply --server-side --filename=${manifest('web.yaml')}`, as: 'unprivileged' },
    { command: 'logs one', as: 'unprivileged' },
    { command: 'scale deployment web --replicas=1', as: 'unprivileged' },
    { command: 'create token default', as: 'unprivileged' },
    { command: 'create clusterrolebinding mine --clusterrole=cluster-admin --user=me', as: 'unprivileged' },
    { command: 'get --raw=/metrics', as: 'unprivileged' },
    { command: 'get --raw=/livez', as: 'unprivileged' },
  ],
};
