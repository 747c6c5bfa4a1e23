import { errors } from '@elastic/elasticsearch';
import { errorTypeOf } from './bulk-verdict.ts';
import { BULK_HEADERS, type Connection } from './connection.ts';
import type { BulkAnswer, SendBulk } from './delivery.ts';

/** All that is looked at in an answer; without it an answer is as large as a third of its request. */
const ANSWER = 'items.*._id,items.*.status,items.*.failure_store,items.*.error.type';
/** No answer to a bulk of the most documents has more. */
const LONGEST_ANSWER = 16 * 1024 * 1024;

const NO_ANSWER: BulkAnswer = { status: 0, errorType: '', body: undefined };

/** Bulk requests by Elastic's own client: data streams only, so that no plain index comes to be where a template is missing. */
export function newSendBulk(connection: Connection): SendBulk {
  return async (body, signal) => {
    try {
      const client = await connection.client();
      // The transport takes the lines as they are; `client.bulk` is typed for objects, which it would write again.
      const answer: unknown = await client.transport.request(
        {
          method: 'POST',
          path: '/_bulk',
          querystring: { require_data_stream: true, filter_path: ANSWER },
          bulkBody: body,
        },
        { headers: BULK_HEADERS, signal, maxResponseSize: LONGEST_ANSWER },
      );
      return { status: 200, errorType: '', body: answer };
    } catch (error) {
      const refused = refusalOf(error);
      if (refused.status === 401 || refused.status === 403 || refused.status === 0) connection.refresh();
      return refused;
    }
  };
}

function refusalOf(error: unknown): BulkAnswer {
  if (error instanceof errors.ResponseError) {
    const body: unknown = error.body;
    const reason = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
    return { status: error.statusCode ?? 0, errorType: errorTypeOf(reason), body: undefined };
  }
  // Connections, timeouts, answers that are no JSON: `errorType` is the client's own word for it.
  return { ...NO_ANSWER, errorType: error instanceof Error ? error.name : '' };
}
