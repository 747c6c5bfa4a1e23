import { setTimeout as sleep } from 'node:timers/promises';

/** Some indices of an Elasticsearch without security. */
export interface Indices {
  readonly url: string;
  readonly pattern: string;
}

const PAGE = 500;
const QUIET_MS = 2_000;
const SHIPPED_TIMEOUT = 60_000;

async function ask(url: string, body?: object): Promise<string> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`Elasticsearch answered ${answer.status}: ${text.slice(0, 500)}`);
  return text;
}

/** Waits until nothing more comes: there are documents, and for a while no more of them. */
export async function allShipped({ url, pattern }: Indices): Promise<void> {
  const deadline = Date.now() + SHIPPED_TIMEOUT;
  for (let before = -1; ; await sleep(QUIET_MS)) {
    await ask(`${url}/${pattern}/_refresh?expand_wildcards=all`);
    const count = Number(/"count":(\d+)/u.exec(await ask(`${url}/${pattern}/_count?expand_wildcards=all`))?.[1]);
    if (count > 0 && count === before) return;
    if (Date.now() > deadline) throw new Error(`${count} documents have come to ${pattern}, and more are to come`);
    before = count;
  }
}

/** Every document, a page at a time, as Elasticsearch shows it. */
export async function* documentsOf({ url, pattern }: Indices): AsyncGenerator<Buffer> {
  const first = `${url}/${pattern}/_search?scroll=1m&expand_wildcards=all`;
  let page = await ask(first, { size: PAGE, sort: ['_doc'] });
  while (!page.includes('"hits":[]')) {
    yield Buffer.from(page);
    const scroll = /"_scroll_id":"([^"]+)"/u.exec(page)?.[1];
    page = await ask(`${url}/_search/scroll`, { scroll: '1m', scroll_id: scroll });
  }
}
