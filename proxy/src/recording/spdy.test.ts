import {
  controlFrame,
  dataFrame,
  headerBlock,
  singleBytes,
  splits,
  SpdyWriter,
  uint32,
  type Headers,
} from '@chaperone/test/streams/frames';
import { array, assert, asyncProperty, boolean, nat, uint8Array } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GatewayError } from '../gateway-error.ts';
import type { ConnectOptions } from '../request/connect-options.ts';
import { statusAnswer } from '../status.ts';
import type { Channel, Conversation } from './conversation.ts';
import { FRAME_ERRORS, FrameError } from './frame-error.ts';
import { newSpdyConversation } from './spdy.ts';

const EXEC: ConnectOptions = {
  subresource: 'exec',
  container: '',
  stdin: true,
  stdout: true,
  stderr: true,
  tty: true,
  command: ['sh'],
};
const FORWARD: ConnectOptions = { subresource: 'portforward', ports: [] };
const FIN = 1;

interface Session {
  readonly conversation: Conversation;
  readonly events: string[];
  /** Pushes chunks until one is refused. */
  push(side: 'client' | 'server', ...chunks: readonly Buffer[]): Promise<void>;
}

function newSession(options: ConnectOptions = EXEC, version = 'v4.channel.k8s.io'): Session {
  const events: string[] = [];
  const name = ({ from, kind, port, connection }: Channel): string =>
    [from, kind, ...(port === undefined ? [] : [port, connection])].join(' ');
  const conversation = newSpdyConversation({
    options,
    version,
    observer: {
      data: (channel, data) => events.push(`${name(channel)}: ${data.toString('latin1')}`),
      closed: (channel) => events.push(`${name(channel)} closed`),
    },
  });
  return {
    conversation,
    events,
    async push(side, ...chunks) {
      try {
        for (const chunk of chunks) await conversation[side].push(chunk);
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        events.push(error.code);
      }
    },
  };
}

const stream = (type: string): Headers => [['streamtype', type]];
const forward = (type: string, port: string, requestid: string): Headers => [
  ['streamtype', type],
  ['port', port],
  ['requestid', requestid],
];

/** A session whose streams are open and taken: 1 error, 3 stdin, 5 stdout, 7 resize. */
async function openSession(session: Session): Promise<{ client: SpdyWriter; server: SpdyWriter }> {
  const [client, server] = [new SpdyWriter(), new SpdyWriter()];
  for (const [at, type] of ['error', 'stdin', 'stdout', 'resize'].entries()) {
    await session.push('client', await client.open(2 * at + 1, stream(type)));
    await session.push('server', await server.reply(2 * at + 1));
  }
  return { client, server };
}

describe('exec', () => {
  test('is read as its streams', async () => {
    const session = newSession();
    await openSession(session);
    await session.push('client', dataFrame(3, 'ls\n'), dataFrame(7, '{"Width":80}'), dataFrame(3, '', FIN));
    await session.push('server', dataFrame(5, 'a file\n'), dataFrame(5, '', FIN), dataFrame(1, '{}', FIN));
    expect(session.events).toEqual([
      'client stdin: ls\n',
      'client resize: {"Width":80}',
      'client stdin closed',
      'server stdout: a file\n',
      'server stdout closed',
      'server error: {}',
      'server error closed',
    ]);
  });

  test('passes pings, settings, windows and later headers', async () => {
    const session = newSession();
    const { client } = await openSession(session);
    await session.push(
      'client',
      controlFrame({ type: 6, body: uint32(1) }),
      controlFrame({ type: 4, body: uint32(1, 7, 65_536) }),
      controlFrame({ type: 9, body: uint32(3, 100) }),
      await client.headers(3, [['later', 'header']]),
      dataFrame(3, 'read'),
    );
    expect(session.events).toEqual(['client stdin: read']);
  });

  test('takes no notice of what comes on a stream that has ended, was reset, or after GOAWAY', async () => {
    const session = newSession();
    await openSession(session);
    await session.push('client', dataFrame(3, '', FIN), dataFrame(3, 'late'));
    await session.push('client', controlFrame({ type: 3, body: uint32(7, 5) }), dataFrame(7, 'late'));
    await session.push('client', controlFrame({ type: 7, body: uint32(0, 0) }), dataFrame(99, 'later'));
    expect(session.events).toEqual(['client stdin closed']);
  });

  test('drops output before the reply, as the client does', async () => {
    const session = newSession();
    const client = new SpdyWriter();
    await session.push('client', await client.open(1, stream('stdout')));
    await session.push('server', dataFrame(1, 'early'));
    expect(session.events).toEqual([]);
  });
});

describe('port-forward', () => {
  test('is read as data and errors of each connection', async () => {
    const session = newSession(FORWARD, 'portforward.k8s.io');
    const [client, server] = [new SpdyWriter(), new SpdyWriter()];
    await session.push(
      'client',
      await client.open(1, forward('error', '80', '0')),
      await client.open(3, forward('data', '80', '0')),
    );
    await session.push('server', await server.reply(1), await server.reply(3));
    await session.push('client', dataFrame(1, '', FIN), dataFrame(3, 'GET'));
    await session.push('server', dataFrame(3, 'HTTP'), dataFrame(3, '', FIN), dataFrame(1, '', FIN));
    expect(session.events).toEqual([
      'client error 80 0 closed',
      'client data 80 0: GET',
      'server data 80 0: HTTP',
      'server data 80 0 closed',
      'server error 80 0 closed',
    ]);
  });

  test('may have many connections one after the other, and not too many at a time', async () => {
    const session = newSession(FORWARD);
    const [client, server] = [new SpdyWriter(), new SpdyWriter()];
    for (let id = 1; id < 200; id += 2) {
      await session.push('client', await client.open(id, forward('data', '80', String(id))));
      await session.push('server', await server.reply(id, FIN));
      await session.push('client', dataFrame(id, '', FIN));
    }
    expect(session.events.filter((event) => !event.endsWith('closed'))).toEqual([]);
    for (let id = 201; id <= 201 + 2 * 4_096; id += 2)
      await session.push('client', await client.open(id, forward('error', '80', String(id))));
    expect(session.events.at(-1)).toBe('SpdyTooManyStreams');
  });
});

describe('refused of a client', () => {
  const cases: Record<
    string,
    {
      frames: (client: SpdyWriter) => Promise<Buffer[]> | Buffer[];
      options?: ConnectOptions;
      code: string;
      fresh?: boolean;
    }
  > = {
    'another version': { frames: () => [controlFrame({ type: 6, version: 2, body: uint32(1) })], code: 'SpdyVersion' },
    'an unknown type': { frames: () => [controlFrame({ type: 10, body: uint32(1, 1) })], code: 'SpdyFrameUnknown' },
    'a type that is gone': {
      frames: () => [controlFrame({ type: 5, body: Buffer.alloc(0) })],
      code: 'SpdyFrameUnknown',
    },
    'a control frame that is too large': {
      frames: () => [controlFrame({ type: 1, body: Buffer.alloc(16_385) })],
      code: 'SpdyFrameTooLarge',
    },
    'a ping with bytes behind it, which Go would read as the next frame': {
      frames: () => [controlFrame({ type: 6, body: uint32(1, 2) })],
      code: 'SpdyFrameInvalid',
    },
    'a reset of another length': {
      frames: () => [controlFrame({ type: 3, body: uint32(3, 1, 1) })],
      code: 'SpdyFrameInvalid',
    },
    'a reset without a reason': {
      frames: () => [controlFrame({ type: 3, body: uint32(3, 0) })],
      code: 'SpdyFrameInvalid',
    },
    'settings that count others than there are': {
      frames: () => [controlFrame({ type: 4, body: uint32(1, 1, 1, 1, 1) })],
      code: 'SpdyFrameInvalid',
    },
    'data of stream 0': { frames: () => [dataFrame(0, 'a')], code: 'SpdyFrameInvalid' },
    'data with an unknown flag': { frames: () => [dataFrame(3, 'a', 2)], code: 'SpdyFrameInvalid' },
    'data of a stream that was never opened': { frames: () => [dataFrame(9, 'a')], code: 'SpdyStreamUnknown' },
    'data of a stream of the server': { frames: () => [dataFrame(2, 'a')], code: 'SpdyStreamUnknown' },
    'data on standard output': { frames: () => [dataFrame(5, 'a')], code: 'SpdyDataUnexpected' },
    'data on the error stream': { frames: () => [dataFrame(1, 'a')], code: 'SpdyDataUnexpected' },
    'data before the reply': {
      frames: async (client) => [await client.open(1, stream('stdin')), dataFrame(1, 'a')],
      fresh: true,
      code: 'SpdyDataUnexpected',
    },
    'an end before the reply': {
      frames: async (client) => [await client.open(1, stream('stdin')), dataFrame(1, '', FIN)],
      fresh: true,
      code: 'SpdyDataUnexpected',
    },
    'a stream of one direction': {
      frames: async (client) => [await client.open(9, stream('stderr'), { flags: 2 })],
      code: 'SpdyFrameInvalid',
    },
    'a stream with another it belongs to': {
      frames: async (client) => [await client.open(9, stream('stderr'), { fields: Buffer.from([0, 0, 0, 1, 0, 0]) })],
      code: 'SpdyFrameInvalid',
    },
    'a second stream of a kind': {
      frames: async (client) => [await client.open(9, stream('stdin'))],
      code: 'SpdyStreamInvalid',
    },
    'a stream of an unknown kind': {
      frames: async (client) => [await client.open(9, stream('data'))],
      code: 'SpdyStreamInvalid',
    },
    'a stream of no kind': { frames: async (client) => [await client.open(9, [])], code: 'SpdyStreamInvalid' },
    'input that the call does not ask for': {
      frames: async (client) => [await client.open(1, stream('stdin'))],
      options: { ...EXEC, stdin: false },
      fresh: true,
      code: 'SpdyStreamInvalid',
    },
    'sizes without a terminal': {
      frames: async (client) => [await client.open(1, stream('resize'))],
      options: { ...EXEC, tty: false },
      fresh: true,
      code: 'SpdyStreamInvalid',
    },
    'an even stream': {
      frames: async (client) => [await client.open(10, stream('stderr'))],
      code: 'SpdyStreamInvalid',
    },
    'a stream before the last': {
      frames: async (client) => [await client.open(7, stream('stderr'))],
      code: 'SpdyStreamInvalid',
    },
    'stream 0': { frames: async (client) => [await client.open(0, stream('stderr'))], code: 'SpdyFrameInvalid' },
    'a reply': { frames: async () => [await new SpdyWriter().reply(1)], fresh: true, code: 'SpdyFrameInvalid' },
    'a header twice': {
      frames: async (client) => [await client.open(9, [...stream('stderr'), ...stream('stdin')])],
      code: 'SpdyHeadersInvalid',
    },
    'a header with two values': {
      frames: async (client) => [await client.open(9, stream('stderr\0stdin'))],
      code: 'SpdyHeadersInvalid',
    },
    'a header in capitals': {
      frames: async (client) => [await client.open(9, [['StreamType', 'stderr']])],
      code: 'SpdyHeadersInvalid',
    },
    'headers that say there are more': {
      frames: async (client) => [
        await client.openRaw(9, Buffer.concat([uint32(2), headerBlock(stream('stderr')).subarray(4)])),
      ],
      code: 'SpdyHeadersInvalid',
    },
    'headers with something behind them': {
      frames: async (client) => [await client.openRaw(9, Buffer.concat([headerBlock(stream('stderr')), uint32(0)]))],
      code: 'SpdyHeadersInvalid',
    },
    'headers that grow past their bound': {
      frames: async (client) => [await client.openRaw(9, Buffer.alloc(2_000_000))],
      code: 'SpdyHeadersInvalid',
    },
    'headers that are not compressed': {
      frames: () => [
        controlFrame({ type: 1, body: Buffer.concat([uint32(9, 0), Buffer.alloc(2), headerBlock(stream('stderr'))]) }),
      ],
      code: 'SpdyHeadersInvalid',
    },
    'headers compressed by themselves': {
      frames: async () => [await new SpdyWriter().open(9, stream('stderr'))],
      code: 'SpdyHeadersInvalid',
    },
    'a port that is none': {
      frames: async (client) => [await client.open(1, forward('data', '65536', '0'))],
      options: FORWARD,
      fresh: true,
      code: 'SpdyStreamInvalid',
    },
    'a connection without a name': {
      frames: async (client) => [await client.open(1, forward('data', '80', ''))],
      options: FORWARD,
      fresh: true,
      code: 'SpdyStreamInvalid',
    },
    'two streams of a kind for a connection': {
      frames: async (client) => [
        await client.open(1, forward('data', '80', '0')),
        await client.open(3, forward('data', '81', '0')),
      ],
      options: FORWARD,
      fresh: true,
      code: 'SpdyStreamInvalid',
    },
  };
  test.each(Object.entries(cases))('%s', async (_, { frames, options, fresh, code }) => {
    const session = newSession(options);
    const client = fresh === true ? new SpdyWriter() : (await openSession(session)).client;
    expect(session.events).toEqual([]);
    await session.push('client', ...(await frames(client)));
    expect(session.events).toEqual([code]);
    session.conversation.close();
  });
});

test('refused of a server: streams of its own, input, and what it was not asked for', async () => {
  for (const [frame, code] of [
    [await new SpdyWriter().open(2, stream('stdout')), 'SpdyStreamInvalid'],
    [dataFrame(3, 'typed'), 'SpdyDataUnexpected'],
    [dataFrame(9, 'a'), 'SpdyStreamUnknown'],
  ] as const) {
    const session = newSession();
    const { client: _client, server } = await openSession(session);
    await session.push('server', code === 'SpdyStreamInvalid' ? await server.open(2, stream('stdout')) : frame);
    expect(session.events).toEqual([code]);
  }
});

test('what is read does not depend on how bytes are split', async () => {
  const client = new SpdyWriter();
  const frames = [
    await client.open(1, stream('error')),
    await client.open(3, stream('stdin')),
    controlFrame({ type: 6, body: uint32(1) }),
    await client.headers(3, [['x', 'y'.repeat(300)]]),
    await client.open(5, stream('stdout')),
    controlFrame({ type: 9, body: uint32(3, 1) }),
    dataFrame(9, 'unknown'),
  ];
  const all = Buffer.concat(frames);
  const readAll = async (chunks: readonly Buffer[]): Promise<string[]> => {
    const session = newSession();
    await session.push('client', ...chunks);
    session.conversation.close();
    return session.events;
  };
  const want = await readAll([all]);
  expect(want).toEqual(['SpdyStreamUnknown']);
  expect(await readAll(singleBytes(all))).toEqual(want);
  for (let cut = 1; cut < all.length; cut++) expect(await readAll(splits(all, [cut]))).toEqual(want);
  await assert(
    asyncProperty(array(nat(all.length)), async (cuts) => {
      expect(await readAll(splits(all, cuts))).toEqual(want);
    }),
  );
  const session = newSession();
  const ends = frames.map((_, count) => Buffer.concat(frames.slice(0, count + 1)).length);
  for (let at = 0; at < (ends.at(-2) ?? 0); at++) {
    await session.push('client', all.subarray(at, at + 1));
    expect(session.conversation.client.unfinished === 0).toBe(ends.includes(at + 1));
  }
});

test('no bytes at all throw anything but a FrameError', async () => {
  await assert(
    asyncProperty(uint8Array({ maxLength: 200 }), boolean(), async (noise, server) => {
      const session = newSession();
      await session.push(server ? 'server' : 'client', Buffer.from(noise));
      session.conversation.close();
      expect(session.events.filter((event) => !(event in FRAME_ERRORS))).toEqual([]);
    }),
  );
});

describe('the farewell', () => {
  const { status } = statusAnswer(new GatewayError('Draining'), undefined);
  const said = ({ conversation }: Session): Buffer => {
    const { words, close } = conversation.farewell(status);
    return Buffer.concat([words, close]);
  };
  const goAway = (last: number): Buffer => controlFrame({ type: 7, body: uint32(last, 0) });

  test('ends the output, then says why on the error stream, then goes away', async () => {
    const session = newSession();
    await openSession(session);
    await session.push('server', dataFrame(3, '', FIN));
    expect(said(session)).toEqual(
      Buffer.concat([
        dataFrame(5, '', FIN),
        dataFrame(7, '', FIN),
        dataFrame(1, JSON.stringify(status), FIN),
        goAway(7),
      ]),
    );
  });

  test('is plain text in older versions, and nothing but GOAWAY before there are streams', async () => {
    const session = newSession(EXEC, 'v3.channel.k8s.io');
    expect(said(session)).toEqual(goAway(0));
    await openSession(session);
    expect(said(session)).toEqual(
      Buffer.concat([3, 5, 7].map((id) => dataFrame(id, '', FIN)).concat(dataFrame(1, status.message, FIN), goAway(7))),
    );
  });

  test('to connections of a port-forward leaves time before the end', async () => {
    const session = newSession(FORWARD, 'portforward.k8s.io');
    expect(session.conversation.farewell(status).unhurried).toBe(false);
    await session.push('client', await new SpdyWriter().open(1, forward('error', '80', '0')));
    await session.push('server', await new SpdyWriter().reply(1));
    expect(session.conversation.farewell(status)).toEqual({
      words: dataFrame(1, status.message, FIN),
      close: goAway(1),
      unhurried: true,
    });
  });
});
