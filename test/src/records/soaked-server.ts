import { startElasticsearch } from '@chaperone/e2e/elasticsearch/elasticsearch';
import { elasticsearchReady } from '../stack/elasticsearch-ready.ts';
import { newLocalStack } from '../elasticsearch/local-stack.ts';

/** An Elasticsearch that a soak stops, or one that only seems to be, as others use it. */
export interface SoakedServer {
  readonly url: string;
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** @param shared the URL of the one that all tests share */
export async function newSoakedServer(ownsOne: boolean, shared: string): Promise<SoakedServer> {
  const nothing = async (): Promise<void> => undefined;
  if (!ownsOne) {
    await elasticsearchReady(shared);
    return { url: shared, stop: nothing, start: nothing, close: nothing };
  }
  const { supervisor, httpPort, stop } = await newLocalStack();
  const start = () => startElasticsearch(supervisor, { httpPort, report: () => undefined });
  const { url, process } = await start();
  return {
    url,
    stop: () => supervisor.stop(process.name),
    async start() {
      await start();
    },
    close: stop,
  };
}
