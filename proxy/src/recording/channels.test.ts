import { bytes, clientFrame, singleBytes } from '@chaperone/test/streams/frames';
import { describe, expect, test } from 'vitest';
import type { ConnectOptions } from '../request/connect-options.ts';
import { statusAnswer } from '../status.ts';
import { GatewayError } from '../gateway-error.ts';
import { newChannelConversation } from './channels.ts';
import type { Channel } from './conversation.ts';
import { FrameError, type FrameErrorCode } from './frame-error.ts';
import { serverFrame } from './websocket.ts';

const EXEC: ConnectOptions = {
  subresource: 'exec',
  container: '',
  stdin: true,
  stdout: true,
  stderr: true,
  tty: false,
  command: ['sh'],
};
const FORWARD: ConnectOptions = { subresource: 'portforward', ports: [80, 443] };
const V5 = 'v5.channel.k8s.io';
const V4 = 'v4.channel.k8s.io';
const V4_BASE64 = 'v4.base64.channel.k8s.io';

/** What was read, one line each: `kind text`, `kind closed`, or the code of what refused it. */
function read(
  protocol: string,
  side: 'client' | 'server',
  frames: readonly Buffer[],
  options: ConnectOptions = EXEC,
): string[] {
  const events: string[] = [];
  const unobserved = newChannelConversation(protocol, options);
  const name = ({ from, kind, port }: Channel): string => `${from} ${kind}${port === undefined ? '' : ` ${port}`}`;
  const conversation = newChannelConversation(protocol, options, {
    data: (channel, data) => events.push(`${name(channel)}: ${data.toString('latin1')}`),
    closed: (channel) => events.push(`${name(channel)} closed`),
  });
  try {
    for (const frame of frames) void conversation[side].push(frame);
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    events.push(error.code satisfies FrameErrorCode);
  }
  // What nobody looks at is refused by the same rules.
  expect(refusalOf(() => frames.forEach((frame) => void unobserved[side].push(frame)))).toBe(
    refusalOf(() => {
      const again = newChannelConversation(protocol, options, { data: () => undefined, closed: () => undefined });
      frames.forEach((frame) => void again[side].push(frame));
    }),
  );
  return events;
}

function refusalOf(push: () => void): string | undefined {
  try {
    push();
    return undefined;
  } catch (error) {
    if (error instanceof FrameError) return error.message;
    throw error;
  }
}

const binary = (text: string): Buffer => clientFrame(Buffer.from(text, 'latin1'));
const text = (value: string): Buffer => clientFrame(Buffer.from(value, 'latin1'), { opcode: 1 });
const fromServer = (value: string, kind: 'text' | 'binary' = 'binary'): Buffer =>
  serverFrame(kind, Buffer.from(value, 'latin1'));

describe('a client', () => {
  const cases: Record<
    string,
    { protocol?: string; frames: readonly Buffer[]; options?: ConnectOptions; want: readonly string[] }
  > = {
    'types and resizes': {
      frames: [binary('\x00ls\n'), binary('\x04{"Width":80,"Height":24}')],
      want: ['client stdin: ls\n', 'client resize: {"Width":80,"Height":24}'],
    },
    'ends its input in v5': { protocol: V5, frames: [binary('\xff\x00')], want: ['client stdin closed'] },
    'ends a channel on which it sends nothing in v5': { protocol: V5, frames: [binary('\xff\x01')], want: [] },
    'cannot type after it has ended its input': {
      protocol: V5,
      frames: [binary('\xff\x00'), binary('\x00ls\n')],
      want: ['client stdin closed', 'AfterClose'],
    },
    'cannot end a channel that is not there': {
      protocol: V5,
      frames: [binary('\xff\x05')],
      want: ['ChannelCloseInvalid'],
    },
    'cannot end a channel with more than its number': {
      protocol: V5,
      frames: [binary('\xff\x00\x00')],
      want: ['ChannelCloseInvalid'],
    },
    'cannot end a channel without a number': {
      protocol: V5,
      frames: [binary('\xff')],
      want: ['ChannelCloseInvalid'],
    },
    'cannot end its input in v4, where the server ignores that': {
      frames: [binary('\xff\x00')],
      want: ['ChannelUnknown'],
    },
    'sends strings as text, as the Python client does': { frames: [text('\x00ls\n')], want: ['client stdin: ls\n'] },
    'sends messages of nothing': { frames: [binary(''), binary('\x00a')], want: ['client stdin: a'] },
    'sends a channel without data': { frames: [binary('\x00')], want: [] },
    'cannot write to standard output': { frames: [binary('\x01a')], want: ['ChannelUnknown'] },
    'cannot write to the error channel': { frames: [binary('\x03{}')], want: ['ChannelUnknown'] },
    'cannot write to a channel that is not there': { frames: [binary('\x05a')], want: ['ChannelUnknown'] },
    'cannot type where the call has no input': {
      frames: [binary('\x00a')],
      options: { ...EXEC, stdin: false },
      want: ['ChannelUnknown'],
    },
    'types in base64': {
      protocol: V4_BASE64,
      frames: [text('0Zm9v'), text('0Yg=='), text('0'), text('4e30=')],
      want: ['client stdin: foo', 'client stdin: b', 'client resize: {}'],
    },
    'cannot send bytes in base64 as binary': {
      protocol: V4_BASE64,
      frames: [binary('0Zm9v')],
      want: ['OpcodeUnexpected'],
    },
    'cannot name a channel by a byte in base64': {
      protocol: V4_BASE64,
      frames: [text('\x00Zm9v')],
      want: ['ChannelUnknown'],
    },
    'cannot leave base64 unpadded': {
      protocol: V4_BASE64,
      frames: [text('0Zm9vYg')],
      want: ['client stdin: foo', 'Base64Invalid'],
    },
    'cannot break base64 into lines, which Go skips and others do not': {
      protocol: V4_BASE64,
      frames: [text('0Zm9v\nYg==')],
      want: ['Base64Invalid'],
    },
    'cannot go on after the padding': { protocol: V4_BASE64, frames: [text('0Yg==Zm9v')], want: ['Base64Invalid'] },
    'cannot use the other alphabet': { protocol: V4_BASE64, frames: [text('0_-_-')], want: ['Base64Invalid'] },
    'of the first protocol types': { protocol: '', frames: [binary('\x00a')], want: ['client stdin: a'] },
    'sends data to each port': {
      frames: [binary('\x00GET'), binary('\x02PUT')],
      options: FORWARD,
      want: ['client data 80: GET', 'client data 443: PUT'],
    },
    'cannot send errors of a port': { frames: [binary('\x01a')], options: FORWARD, want: ['ChannelUnknown'] },
    'cannot send to a port that it did not name': {
      frames: [binary('\x04a')],
      options: FORWARD,
      want: ['ChannelUnknown'],
    },
  };
  test.each(Object.entries(cases))('%s', (_, { protocol = V4, frames, options, want }) => {
    expect(read(protocol, 'client', frames, options)).toEqual(want);
  });

  test('is read the same byte by byte, base64 in pieces', () => {
    const whole = Buffer.from('some longer input\n');
    const frame = text(`0${whole.toString('base64')}`);
    const events = read(V4_BASE64, 'client', singleBytes(frame));
    expect(events.map((event) => event.slice('client stdin: '.length)).join('')).toBe(whole.toString());
    expect(read(V5, 'client', singleBytes(binary('\xff\x00')))).toEqual(['client stdin closed']);
  });
});

describe('a server', () => {
  const cases: Record<
    string,
    { protocol?: string; frames: readonly Buffer[]; options?: ConnectOptions; want: readonly string[] }
  > = {
    'writes output, errors and a status': {
      frames: [
        fromServer('\x01'),
        fromServer('\x01out'),
        fromServer('\x02err'),
        fromServer('\x03{"status":"Success"}'),
      ],
      want: ['server stdout: out', 'server stderr: err', 'server error: {"status":"Success"}'],
    },
    'writes base64 as text': {
      protocol: V4_BASE64,
      frames: [fromServer('1b3V0', 'text')],
      want: ['server stdout: out'],
    },
    'does not write text on a binary protocol': { frames: [fromServer('\x01a', 'text')], want: ['OpcodeUnexpected'] },
    'does not type': { frames: [fromServer('\x00a')], want: ['ChannelUnknown'] },
    'tells the port of each channel, and what came from it': {
      frames: [
        fromServer('\x00\x50\x00'),
        fromServer('\x01\x50\x00'),
        fromServer('\x02HTTP/1.1'),
        fromServer('\x03no'),
      ],
      options: FORWARD,
      want: ['server data 80: P\x00', 'server error 80: P\x00', 'server data 443: HTTP/1.1', 'server error 443: no'],
    },
  };
  test.each(Object.entries(cases))('%s', (_, { protocol = V4, frames, options, want }) => {
    expect(read(protocol, 'server', frames, options)).toEqual(want);
  });
});

describe('the farewell', () => {
  const { status } = statusAnswer(new GatewayError('Draining'), undefined);
  function farewell(protocol: string, options: ConnectOptions = EXEC): Buffer {
    const { words, close: end } = newChannelConversation(protocol, options).farewell(status);
    return Buffer.concat([words, end]);
  }
  const close = (code: string): Buffer =>
    Buffer.concat([bytes('88'), Buffer.of(2 + status.message.length), bytes(code), Buffer.from(status.message)]);

  test('is a Status on the error channel and a normal closure, as only then client-go reads it', () => {
    const message = fromServer(`\x03${JSON.stringify(status)}`);
    expect(farewell(V5)).toEqual(Buffer.concat([message, close('03e8')]));
    expect(farewell(V4)).toEqual(farewell(V5));
  });

  test('is in base64 where all is', () => {
    const message = fromServer(`3${Buffer.from(JSON.stringify(status)).toString('base64')}`, 'text');
    expect(farewell(V4_BASE64)).toEqual(Buffer.concat([message, close('03e8')]));
  });

  test('is plain text before version 4', () => {
    expect(farewell('')).toEqual(Buffer.concat([fromServer(`\x03${status.message}`), close('03e8')]));
  });

  test('is told to each port of a port-forward', () => {
    expect(farewell(V4, FORWARD)).toEqual(
      Buffer.concat([fromServer(`\x01${status.message}`), fromServer(`\x03${status.message}`), close('03f0')]),
    );
  });
});
