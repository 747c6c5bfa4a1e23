import { statusBody, type Status, type StatusDetails } from '../status.ts';
import { message, type Field } from './protobuf-writer.ts';

/** The last event of a watch in JSON: a Status, whatever objects or Tables came before. */
export function jsonErrorEvent(status: Status): Buffer {
  return Buffer.from(`{"type":"ERROR","object":${statusBody(status).toString('utf8').trimEnd()}}\n`, 'utf8');
}

/**
 * The same in Kubernetes' protobuf: a length in four bytes, and a WatchEvent without the magic number that the object in
 * it has (apimachinery `runtime/serializer/protobuf`).
 */
export function protobufErrorEvent(status: Status): Buffer {
  const event = message([
    [1, 'ERROR'],
    [2, message([[1, protobufObject(status)]])],
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(event.length);
  return Buffer.concat([length, event]);
}

const MAGIC = Buffer.from('k8s\0', 'latin1');

/** `k8s\0` and a `runtime.Unknown`. Exported for its test, which compares with the API server's own bytes. */
export function protobufObject(status: Status): Buffer {
  const type = message([
    [1, status.apiVersion],
    [2, status.kind],
  ]);
  const body = message([
    [1, LIST_META],
    [2, status.status],
    [3, status.message],
    [4, status.reason],
    ...(status.details === undefined ? [] : [[5, details(status.details)] as const]),
    [6, status.code],
  ]);
  const unknown = message([
    [1, type],
    [2, body],
    [3, ''],
    [4, ''],
  ]);
  return Buffer.concat([MAGIC, unknown]);
}

/** selfLink, resourceVersion, continue. */
const LIST_META = message([
  [1, ''],
  [2, ''],
  [3, ''],
]);

function details({ name = '', group = '', kind = '', retryAfterSeconds = 0 }: StatusDetails): Buffer {
  const fields: Field[] = [
    [1, name],
    [2, group],
    [3, kind],
    [5, retryAfterSeconds],
    [6, ''],
  ];
  return message(fields);
}
