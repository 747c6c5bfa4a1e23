import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until the Elasticsearch of the test run answers; it starts beside the first tests. */
export async function elasticsearchReady(url: string, timeout = 90_000): Promise<void> {
  const deadline = Date.now() + timeout;
  for (;;) {
    const answered = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=5s`).then(
      (response) => response.ok,
      () => false,
    );
    if (answered) return;
    if (Date.now() > deadline) throw new Error(`Elasticsearch at ${url} does not answer`);
    await sleep(200);
  }
}
