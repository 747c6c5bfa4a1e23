import { startPolicyOperator } from './policy-operator.ts';

const [, , kubeconfig = '', namespace = ''] = process.argv;
// Without the lines, which are kept in memory to be looked at.
const operator = startPolicyOperator({ namespace, kubeconfig, logLevel: 'error' });

process.on('message', (question: unknown) => void answer(String(question)));
process.once('disconnect', () => void operator.stop());

async function answer(question: string): Promise<void> {
  process.send?.({ question, answer: await valueOf(question) });
}

async function valueOf(question: string): Promise<number> {
  switch (question) {
    case 'ready':
      return 1;
    case 'cpuMs': {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    }
    case 'heapUsed':
      return process.memoryUsage().heapUsed;
    default: {
      const metric = await operator.metrics.registry.getSingleMetric(question)?.get();
      return (metric?.values ?? []).reduce((sum, { value }) => sum + value, 0);
    }
  }
}
