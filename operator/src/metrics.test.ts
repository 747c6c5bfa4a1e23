import { describe, expect, test } from 'vitest';
import { newMetrics } from './metrics.ts';

describe('metrics', () => {
  test('are there from the start, at 0, under the names of controller-runtime', async () => {
    const metrics = newMetrics();
    metrics.controller('agentpolicy', 2).queue.running(() => [1, 3]);
    metrics.leading('chaperone-operator');
    metrics.informer('agentpolicies', () => undefined);
    const { registry } = metrics;
    expect(registry.contentType).toMatch(/^text\/plain; version=0\.0\.4/);
    const lines = (await registry.metrics()).split('\n');
    for (const line of [
      'controller_runtime_reconcile_total{controller="agentpolicy",result="success"} 0',
      'controller_runtime_reconcile_total{controller="agentpolicy",result="error"} 0',
      'controller_runtime_reconcile_total{controller="agentpolicy",result="requeue"} 0',
      'controller_runtime_reconcile_total{controller="agentpolicy",result="requeue_after"} 0',
      'controller_runtime_reconcile_errors_total{controller="agentpolicy"} 0',
      'controller_runtime_terminal_reconcile_errors_total{controller="agentpolicy"} 0',
      'controller_runtime_reconcile_time_seconds_count{controller="agentpolicy"} 0',
      'controller_runtime_active_workers{controller="agentpolicy"} 0',
      'controller_runtime_max_concurrent_reconciles{controller="agentpolicy"} 2',
      'workqueue_adds_total{name="agentpolicy",controller="agentpolicy"} 0',
      'workqueue_retries_total{name="agentpolicy",controller="agentpolicy"} 0',
      'workqueue_queue_duration_seconds_count{name="agentpolicy",controller="agentpolicy"} 0',
      'workqueue_work_duration_seconds_count{name="agentpolicy",controller="agentpolicy"} 0',
      'workqueue_unfinished_work_seconds{name="agentpolicy",controller="agentpolicy"} 4',
      'workqueue_longest_running_processor_seconds{name="agentpolicy",controller="agentpolicy"} 3',
      'leader_election_master_status{name="chaperone-operator"} 0',
      'chaperone_informer_staleness_seconds{resource="agentpolicies"} -1',
      'chaperone_informer_failures_total{resource="agentpolicies",type="listFailed"} 0',
      'chaperone_events_total{outcome="suppressed"} 0',
    ]) {
      expect(lines).toContain(line);
    }
  });
});
