import { describe, expect, test } from 'vitest';
import { splitDiagnostics, upgradesIn } from './kubectl.ts';

const GET_EXEC =
  'I1122 15:43:00.648240   16589 round_trippers.go:632] "Response" verb="GET" url="https://127.0.0.1:42745/api/v1/namespaces/default/pods/client/exec?command=echo&stdout=true" status="101 Switching Protocols" milliseconds=9\n';
const POST_FORWARD =
  'I1122 15:43:04.265342   16737 round_trippers.go:632] "Response" verb="POST" url="https://127.0.0.1:42745/api/v1/namespaces/default/pods/web/portforward" status="101 Switching Protocols" milliseconds=16\r\n';
const GET_POD =
  'I1122 15:43:04.247791   16737 round_trippers.go:632] "Response" verb="GET" url="https://127.0.0.1:42745/api/v1/namespaces/default/pods/web" status="200 OK" milliseconds=2\n';
const REFUSED_EXEC =
  'I1122 15:43:00.648240   16589 round_trippers.go:632] "Response" verb="GET" url="https://127.0.0.1:42745/api/v1/namespaces/default/pods/client/exec?command=echo" status="404 Not Found" milliseconds=9\n';

describe("kubectl's diagnostics", () => {
  test('are told from what the command itself writes', () => {
    expect(splitDiagnostics(`${GET_POD}out\n${POST_FORWARD}I am no log line\nlast`)).toEqual({
      text: 'out\nI am no log line\nlast',
      diagnostics: GET_POD + POST_FORWARD,
    });
  });

  test('name the upgraded connections, and no other request', () => {
    expect(upgradesIn(GET_POD + REFUSED_EXEC + GET_EXEC + POST_FORWARD)).toEqual(['GET exec', 'POST portforward']);
  });
});
