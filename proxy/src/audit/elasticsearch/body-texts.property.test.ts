import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { callEvent } from '@chaperone/test/elasticsearch/call-records';
import { recordText } from '../record/record-text.ts';
import { bodyTexts } from './body-texts.ts';

const json = fc.json({ maxDepth: 3 });
/** What JSON escapes, what it does not, and what ends or begins something. */
const difficultCharacter = fc.constantFrom(
  'a',
  '"',
  '\\',
  '\n',
  '\u2028',
  '\u0000',
  'é',
  '\u{1f600}',
  '\ud800',
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
);
const optional = fc.option(json, { nil: undefined });

test('the bodies are the very text that went into the record', () => {
  fc.assert(
    fc.property(fc.string({ unit: difficultCharacter }), optional, optional, (text, requestObject, responseObject) => {
      const bodies = {
        ...(requestObject === undefined ? {} : { requestObject }),
        ...(responseObject === undefined ? {} : { responseObject }),
      };
      const event = callEvent({ requestURI: text, chaperone: { method: text } });
      expect(bodyTexts(recordText(event, bodies))).toEqual(bodies);
    }),
  );
});

const difficult: Record<string, string> = {
  'a number beyond 2^53': '{"n":9007199254740993}',
  'a number with zeros that say nothing': '{"n":1.00}',
  'keys that JavaScript would put in another order': '{"b":1,"2":2,"1":3}',
  'a text that ends with a backslash': String.raw`{"a":"\\"}`,
  'a quote after a backslash after a backslash': String.raw`{"a":"\\\"","b":"}"}`,
  'brackets within texts': '{"a":"]}","requestObject":"{["}',
  'a body that is a number': '12',
  'a body that is a text': '"a,b"',
  'ten thousand levels': `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
};
test.each(Object.entries(difficult))('%s is cut out as it is', (_, body) => {
  const text = recordText(callEvent(), { requestObject: body, responseObject: body });
  expect(bodyTexts(text)).toEqual({ requestObject: body, responseObject: body });
});
