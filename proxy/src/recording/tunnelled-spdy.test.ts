import { bytes, clientFrame, dataFrame, singleBytes, SpdyWriter } from '@chaperone/test/streams/frames';
import { expect, test } from 'vitest';
import { GatewayError } from '../gateway-error.ts';
import { statusAnswer } from '../status.ts';
import { newTunnelledConversation } from './tunnelled-spdy.ts';
import { closeFrame, serverFrame } from './websocket.ts';

const HEADERS = [
  ['streamtype', 'data'],
  ['port', '80'],
  ['requestid', '0'],
] as const;

function newSession() {
  const events: string[] = [];
  const conversation = newTunnelledConversation({
    options: { subresource: 'portforward', ports: [] },
    version: 'portforward.k8s.io',
    observer: {
      data: ({ from, port }, data) => events.push(`${from} ${port}: ${data.toString()}`),
      closed: ({ from }) => events.push(`${from} closed`),
    },
  });
  return { conversation, events };
}

test('a connection is read wherever it is cut into messages and fragments', async () => {
  const { conversation, events } = newSession();
  const opened = await new SpdyWriter().open(1, HEADERS);
  const data = dataFrame(1, 'GET');
  const sent = Buffer.concat([
    clientFrame(opened.subarray(0, 5), { last: false }),
    clientFrame(opened.subarray(5), { opcode: 0 }),
  ]);
  for (const chunk of singleBytes(sent)) await conversation.client.push(chunk);
  await conversation.server.push(serverFrame('binary', await new SpdyWriter().reply(1)));
  await conversation.client.push(
    Buffer.concat([
      clientFrame(data.subarray(0, 9)),
      clientFrame(Buffer.alloc(0), { opcode: 9 }),
      clientFrame(data.subarray(9)),
    ]),
  );
  expect(events.join(' ')).toBe('client 80: G client 80: ET');
});

test('neither text nor what is no SPDY passes', async () => {
  expect(() => newSession().conversation.client.push(clientFrame(Buffer.from('a'), { opcode: 1 }))).toThrow(
    expect.objectContaining({ code: 'OpcodeUnexpected' }),
  );
  expect(() => newSession().conversation.client.push(clientFrame(bytes('80 02 00 06 00 00 00 04')))).toThrow(
    expect.objectContaining({ code: 'SpdyVersion' }),
  );
});

test('the farewell is said on the connection between its frames, and within one by closing alone', async () => {
  const { status } = statusAnswer(new GatewayError('Draining'), undefined);
  const { conversation } = newSession();
  const close = closeFrame(1_008, status.message);
  const farewell = conversation.farewell(status);
  expect(farewell.words).toEqual(Buffer.alloc(0));
  expect(farewell.close.subarray(0, 2)).toEqual(bytes('82 10'));
  expect(farewell.close.subarray(-close.length)).toEqual(close);
  await conversation.server.push(serverFrame('binary', bytes('80 03')));
  expect(conversation.farewell(status)).toEqual({ words: Buffer.alloc(0), close, unhurried: false });
});
