import { refusalOf } from '@chaperone/test/authn/refusal';
import { describe, expect, test } from 'vitest';
import { judgeTokenReview, tokenReviewCall } from './token-review.ts';

const user = {
  username: 'system:serviceaccount:ci:runner',
  uid: '5f0c',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:ci', 'system:authenticated'],
  extra: {
    'authentication.kubernetes.io/pod-name': ['runner-0'],
    'authentication.kubernetes.io/credential-id': ['JTI=1'],
    'example.com/other': ['x'],
  },
};
type Fields = Readonly<Record<string, unknown>>;
const answer = (status: Fields): unknown => ({
  apiVersion: 'authentication.k8s.io/v1',
  kind: 'TokenReview',
  spec: { token: 'secret' },
  status: { authenticated: true, audiences: ['chaperone'], user, ...status },
});

describe('judgeTokenReview', () => {
  test('answers the ServiceAccount, what its token is bound to, and nothing else', () => {
    expect(judgeTokenReview(answer({}), 'chaperone')).toEqual({
      serviceAccount: { namespace: 'ci', name: 'runner' },
      user: {
        ...user,
        extra: {
          'authentication.kubernetes.io/pod-name': ['runner-0'],
          'authentication.kubernetes.io/credential-id': ['JTI=1'],
        },
      },
    });
  });

  const table: Record<string, [value: unknown, want: string]> = {
    'vouched for, for several audiences': [answer({ audiences: ['x', 'chaperone'] }), 'accepted'],
    'vouched for, with an empty error': [answer({ error: '' }), 'accepted'],
    'not authenticated': [answer({ authenticated: false }), 'TokenRefused'],
    'authenticated by a text': [answer({ authenticated: 'true' }), 'TokenRefused'],
    'neither authenticated nor not': [answer({ authenticated: undefined }), 'TokenRefused'],
    'authenticated with an error': [answer({ error: 'failed' }), 'TokenRefused'],
    'authenticated with an error that is no text': [answer({ error: {} }), 'TokenRefused'],
    'for no audience': [answer({ audiences: undefined }), 'TokenRefused'],
    'for an empty list of audiences': [answer({ audiences: [] }), 'TokenRefused'],
    'for another audience': [answer({ audiences: ['https://kubernetes.default.svc'] }), 'TokenRefused'],
    'for a text that holds the audience': [answer({ audiences: 'chaperone' }), 'TokenRefused'],
    'without a user': [answer({ user: undefined }), 'TokenReviewUnavailable'],
    'a person': [answer({ user: { username: 'dana@example.com' } }), 'NotServiceAccount'],
    'an administrator': [answer({ user: { username: 'admin', groups: ['system:masters'] } }), 'NotServiceAccount'],
    'a node': [answer({ user: { username: 'system:node:a' } }), 'NotServiceAccount'],
    'a ServiceAccount without a namespace': [
      answer({ user: { username: 'system:serviceaccount::a' } }),
      'NotServiceAccount',
    ],
    'a ServiceAccount with a colon more': [
      answer({ user: { username: 'system:serviceaccount:a:b:c' } }),
      'NotServiceAccount',
    ],
    'a ServiceAccount in capitals': [answer({ user: { username: 'system:serviceaccount:A:b' } }), 'NotServiceAccount'],
    'a ServiceAccount with a line break': [
      answer({ user: { username: 'system:serviceaccount:a:b\n' } }),
      'NotServiceAccount',
    ],
    'no username': [answer({ user: {} }), 'NotServiceAccount'],
    'a Status': [{ kind: 'Status', status: 'Success' }, 'TokenReviewUnavailable'],
    nothing: [null, 'TokenReviewUnavailable'],
    'a review without a status': [{ kind: 'TokenReview' }, 'TokenReviewUnavailable'],
  };
  test.each(Object.entries(table))('%s', (_sentence, [value, want]) => {
    expect(refusalOf(() => judgeTokenReview(value, 'chaperone'))).toBe(want);
  });

  test('keeps to itself what the API server says', () => {
    const attempt = (): unknown =>
      judgeTokenReview(answer({ authenticated: false, error: 'secret-token' }), 'chaperone');
    expect(attempt).toThrow(/^(?!.*secret)/u);
  });
});

test('the call names the audience, and its error keeps the words of the server out', () => {
  expect(tokenReviewCall('t', 'chaperone')).toMatchObject({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/tokenreviews',
    body: { kind: 'TokenReview', spec: { token: 't', audiences: ['chaperone'] } },
    secret: true,
  });
});
