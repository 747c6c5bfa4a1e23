import type { JudgedCall } from '../../call/call.ts';
import { GatewayError } from '../../gateway-error.ts';
import { parseFieldSelector } from '../../request/field-selector.ts';
import { parseLabelSelector } from '../../request/label-selector.ts';
import { firstValue } from '../../request/query.ts';
import { decodeBody } from '../codec/decode-body.ts';
import { essence } from '../codec/media-type.ts';
import { UndecodableBody } from '../document.ts';
import { shapeOfType } from '../engine/shape.ts';
import type { WriteBackRefusal } from '../engine/write-back.ts';

/**
 * Refuses a call by which a placeholder would be written over the value that it hides, or by which the value could be
 * found out. Where a rule masks what the caller receives, a body that cannot be read is refused, too.
 *
 * @throws GatewayError
 */
export async function guardWriteBack(call: JudgedCall): Promise<void> {
  const { masking, attributes, headers, body } = call;
  const { writeBack } = masking;
  if (writeBack === undefined || !attributes.isResourceRequest) return;
  if (headers.upgrade !== undefined && masking.response !== undefined) throw new GatewayError('SessionNotMaskable');
  const fields = parseFieldSelector(firstValue(attributes.query, 'fieldSelector') ?? '') ?? [];
  const labels = parseLabelSelector(firstValue(attributes.query, 'labelSelector') ?? '') ?? [];
  refuse(
    writeBack.refusesSelectors({
      fields: fields.map(({ field }) => field),
      labels: labels.map(({ key }) => key),
    }),
  );
  // What a backend is sent is stored by nobody here.
  if (!body.present || attributes.subresource === 'proxy') return;
  const bytes = await body.read();
  let root;
  try {
    ({ root } = decodeBody(bytes, headers.contentType));
  } catch (error) {
    if (!(error instanceof UndecodableBody)) throw error;
    throw new GatewayError('BodyUnreadable', { detail: error.message, cause: error });
  }
  refuse(writeBack.refusesBody(root, shapeOfType(essence(headers.contentType))));
}

function refuse(refusal: WriteBackRefusal | undefined): void {
  if (refusal !== undefined) throw new GatewayError(refusal.reason);
}
