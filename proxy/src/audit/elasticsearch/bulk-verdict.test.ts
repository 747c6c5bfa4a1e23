import { describe, expect, test } from 'vitest';
import {
  judgeItem,
  judgeRequest,
  mayHaveStored,
  readItems,
  type ItemVerdict,
  type RequestVerdict,
} from './bulk-verdict.ts';

const item = { id: 'writer:1', status: 201, failureStore: '', errorType: '' };

describe('a document', () => {
  const table: Record<string, readonly [Partial<typeof item>, ItemVerdict]> = {
    'that was created is stored': [{}, { kind: 'Stored' }],
    'that a failure store was not needed for is stored': [
      { failureStore: 'not_applicable_or_unknown' },
      { kind: 'Stored' },
    ],
    'that went to the failure store is not stored': [{ failureStore: 'used' }, { kind: 'Misplaced' }],
    'whose id is taken is present': [
      { status: 409, errorType: 'version_conflict_engine_exception' },
      { kind: 'Present' },
    ],
    'that does not fit the mapping is refused': [
      { status: 400, errorType: 'document_parsing_exception' },
      { kind: 'Refused', status: 400, errorType: 'document_parsing_exception' },
    ],
    'that is refused where the failure store failed, too': [
      { status: 400, failureStore: 'failed', errorType: 'document_parsing_exception' },
      { kind: 'Refused', status: 400, errorType: 'document_parsing_exception' },
    ],
    'that is too large for the index is refused': [
      { status: 413, errorType: 'too_large' },
      { kind: 'Refused', status: 413, errorType: 'too_large' },
    ],
    'that there is no room for now waits': [
      { status: 429, errorType: 'es_rejected_execution_exception' },
      { kind: 'Later', why: 'Busy', status: 429, errorType: 'es_rejected_execution_exception' },
    ],
    'whose shard is away waits': [
      { status: 503, errorType: 'unavailable_shards_exception' },
      { kind: 'Later', why: 'Busy', status: 503, errorType: 'unavailable_shards_exception' },
    ],
    'that may not be written waits for somebody': [
      { status: 403, errorType: 'security_exception' },
      { kind: 'Later', why: 'Forbidden', status: 403, errorType: 'security_exception' },
    ],
    'without a data stream waits for somebody': [
      { status: 404, errorType: 'index_not_found_exception' },
      { kind: 'Later', why: 'NoStream', status: 404, errorType: 'index_not_found_exception' },
    ],
    'that a fault of the server kept out waits': [
      { status: 500, errorType: 'exception' },
      { kind: 'Later', why: 'Unavailable', status: 500, errorType: 'exception' },
    ],
  };
  test.each(Object.entries(table))('%s', (_, [given, expected]) => {
    expect(judgeItem({ ...item, ...given })).toEqual(expected);
  });
});

describe('a request', () => {
  const table: Record<string, readonly [number, RequestVerdict]> = {
    'without an answer is sent again': [0, { kind: 'Later', why: 'Unavailable', status: 0 }],
    'of too many bytes is cut': [413, { kind: 'TooLarge' }],
    'that comes at a bad time is sent again': [429, { kind: 'Later', why: 'Busy', status: 429 }],
    'to a server that is away is sent again': [503, { kind: 'Later', why: 'Busy', status: 503 }],
    'that a gateway before the server could not pass on is sent again': [
      502,
      { kind: 'Later', why: 'Unavailable', status: 502 },
    ],
    'with a credential that is not known waits for somebody': [401, { kind: 'Later', why: 'Forbidden', status: 401 }],
    'with a credential that may not waits for somebody': [403, { kind: 'Later', why: 'Forbidden', status: 403 }],
    'that the server does not take is malformed': [400, { kind: 'Malformed', status: 400 }],
    'to something that is not Elasticsearch is sent again': [302, { kind: 'Later', why: 'Unavailable', status: 302 }],
  };
  test.each(Object.entries(table))('%s', (_, [status, expected]) => {
    expect(judgeRequest(status)).toEqual(expected);
  });
});

test('only refusals that come before anything is done leave no doubt that nothing was stored', () => {
  const certain = [400, 401, 403, 404, 413, 429].filter((status) => !mayHaveStored(status));
  expect(certain).toEqual([400, 401, 403, 404, 413, 429]);
  const doubtful = [0, 408, 500, 502, 503, 504].filter((status) => mayHaveStored(status));
  expect(doubtful).toEqual([0, 408, 500, 502, 503, 504]);
});

describe('an answer', () => {
  const ids = ['writer:1', 'writer:2'];
  const stored = { create: { _id: 'writer:1', status: 201, failure_store: 'used' } };
  const refused = { create: { _id: 'writer:2', status: 400, error: { type: 'document_parsing_exception' } } };

  test('says of each document what became of it', () => {
    expect(readItems({ items: [stored, refused] }, ids)).toEqual([
      { id: 'writer:1', status: 201, failureStore: 'used', errorType: '' },
      { id: 'writer:2', status: 400, failureStore: '', errorType: 'document_parsing_exception' },
    ]);
  });

  const others: Record<string, unknown> = {
    'nothing at all': undefined,
    'no items': {},
    'an item too few': { items: [stored] },
    'an item too many': { items: [stored, refused, refused] },
    'items in another order': { items: [refused, stored] },
    'an item of another request': { items: [stored, { create: { _id: 'other:2', status: 201 } }] },
    'an item without a status': { items: [stored, { create: { _id: 'writer:2' } }] },
    'an item of another action': { items: [stored, { index: { _id: 'writer:2', status: 201 } }] },
  };
  test.each(Object.entries(others))('with %s is none to this request', (_, answer) => {
    expect(readItems(answer, ids)).toBeUndefined();
  });
});
