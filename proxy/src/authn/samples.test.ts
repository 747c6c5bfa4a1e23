import { refusalOf } from '@chaperone/test/authn/refusal';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { mapClaims } from './claim-mapper.ts';
import type { Claims } from './compact-token.ts';
import { parseAuthenticationConfiguration, type JwtAuthenticator } from './configuration.ts';
import type { MappedUser } from './identity.ts';
import { checkStandardClaims, issuerOf } from './standard-claims.ts';

const DIRECTORY = join(import.meta.dirname, '../../samples/authentication');
const NOW = Date.UTC(2026, 5, 1);
const SECONDS = NOW / 1000;
const times = { iat: SECONDS, nbf: SECONDS, exp: SECONDS + 300 };

function readSample(name: string): JwtAuthenticator {
  const text = readFileSync(join(DIRECTORY, `${name}.yaml`), 'utf8');
  const [authenticator] = parseAuthenticationConfiguration(parse(text)).jwt;
  if (authenticator === undefined) throw new Error(`${name} has no authenticator`);
  return authenticator;
}

/** Judges claims as if the signature were good. */
function judge(name: string, claimed: Claims): MappedUser {
  const authenticator = readSample(name);
  // What is undefined here is absent from a token.
  const claims = Object.fromEntries(Object.entries(claimed).filter(([, value]) => value !== undefined));
  expect(issuerOf(claims)).toBe(authenticator.issuer.url);
  checkStandardClaims(claims, { audiences: authenticator.issuer.audiences, now: NOW });
  return mapClaims(authenticator, claims);
}

interface Sample {
  /** Claims as the issuer's documentation shows them. */
  readonly claims: Claims;
  readonly want: MappedUser;
  /** Other tokens of the same issuer, which must be refused. */
  readonly refused: Readonly<Record<string, readonly [changes: Claims, code: string]>>;
  /** Other tokens of the same issuer, and what differs in the user. */
  readonly accepted: Readonly<Record<string, readonly [changes: Claims, want: Partial<MappedUser>]>>;
}

const TENANT = '8d6f7b1c-33c8-4a4a-9c57-c1a1b1b0a111';

const samples: Record<string, Sample> = {
  okta: {
    claims: {
      ver: 1,
      jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
      iss: 'https://acme.okta.com/oauth2/aus4k1xbq2Zm3chape5d7',
      aud: 'chaperone',
      ...times,
      cid: '0oaulob4BFVa4zQvt0g3',
      uid: '00u4zbc5rqGL1aXe30h7',
      scp: ['openid', 'kubernetes'],
      auth_time: SECONDS - 60,
      sub: 'dana@acme.example',
      groups: ['Everyone', 'Release Managers'],
    },
    want: {
      username: 'okta:dana@acme.example',
      uid: '00u4zbc5rqGL1aXe30h7',
      groups: ['okta:Everyone', 'okta:Release Managers'],
      extra: { 'acme.example/client': ['0oaulob4BFVa4zQvt0g3'] },
    },
    accepted: {
      'a client, by the client credentials flow': [
        { sub: '0oaulob4BFVa4zQvt0g3', uid: undefined, groups: undefined, auth_time: undefined },
        { username: 'okta:0oaulob4BFVa4zQvt0g3', uid: '0oaulob4BFVa4zQvt0g3', groups: [] },
      ],
    },
    refused: {
      'a token without our scope': [{ scp: ['openid'] }, 'ClaimRefused'],
      'a token of the default audience': [{ aud: 'api://default' }, 'AudienceMismatch'],
    },
  },
  'entra-id': {
    claims: {
      aud: '5c3b1de7-6d1b-4c44-8f3b-6b6d2a0f1c22',
      iss: `https://login.microsoftonline.com/${TENANT}/v2.0`,
      ...times,
      aio: 'AXQAi/8IAAAAtAaZLo3ChMif6KOnttRB7eBq4/DccQzjcJGxPYy',
      azp: '1b730954-1685-4b74-9bfd-dac224a7b894',
      azpacr: '1',
      groups: ['d17a5f86-57f4-48f8-87a0-79761dc8e706'],
      name: 'Dana Ito',
      oid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
      preferred_username: 'dana@acme.example',
      rh: 'I',
      roles: ['Release.Manage'],
      scp: 'access_as_user',
      sub: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
      tid: TENANT,
      uti: 'fqiBqXLPj0eQa82S-IYFAA',
      ver: '2.0',
    },
    want: {
      username: 'entra:690222be-ff1a-4d56-abd1-7e4f7d38e474',
      uid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
      groups: ['entra:d17a5f86-57f4-48f8-87a0-79761dc8e706', 'entra:role:Release.Manage'],
      extra: {
        'acme.example/application': ['1b730954-1685-4b74-9bfd-dac224a7b894'],
        'acme.example/name': ['dana@acme.example'],
      },
    },
    accepted: {
      'an application, by the client credentials flow': [
        {
          idtyp: 'app',
          scp: undefined,
          name: undefined,
          preferred_username: undefined,
          groups: undefined,
          roles: ['Agent'],
        },
        {
          groups: ['entra:role:Agent'],
          extra: { 'acme.example/application': ['1b730954-1685-4b74-9bfd-dac224a7b894'] },
        },
      ],
      '200 groups, the most that Entra ID puts into a token': [
        { groups: Array.from({ length: 200 }, (_, index) => `g${index}`), roles: undefined },
        { groups: Array.from({ length: 200 }, (_, index) => `entra:g${index}`) },
      ],
    },
    refused: {
      'group overage': [
        {
          groups: undefined,
          _claim_names: { groups: 'src1' },
          _claim_sources: {
            src1: {
              endpoint: `https://graph.windows.net/${TENANT}/users/690222be-ff1a-4d56-abd1-7e4f7d38e474/getMemberObjects`,
            },
          },
        },
        'GroupsElsewhere',
      ],
      'group overage in the implicit flow': [{ groups: undefined, hasgroups: true }, 'GroupsElsewhere'],
      'another tenant': [{ tid: '9188040d-6c67-4c5b-b112-36a304b66dad' }, 'ClaimRefused'],
      'a token for Microsoft Graph': [{ aud: '00000003-0000-0000-c000-000000000000' }, 'AudienceMismatch'],
    },
  },
  google: {
    claims: {
      aud: 'chaperone',
      azp: '112010400000000710080',
      email: 'deployer@acme-agents.iam.gserviceaccount.com',
      email_verified: true,
      ...times,
      nbf: undefined,
      iss: 'https://accounts.google.com',
      sub: '112010400000000710080',
    },
    want: {
      username: 'google:deployer@acme-agents.iam.gserviceaccount.com',
      uid: '112010400000000710080',
      groups: [],
      extra: {},
    },
    accepted: {
      'an iss without its scheme': [{ iss: 'accounts.google.com' }, { groups: [] }],
      'a machine, with what it says of itself': [
        {
          google: {
            compute_engine: {
              instance_creation_timestamp: 1_700_000_000,
              instance_id: '152986662232938449',
              instance_name: 'runner-1',
              project_id: 'acme-agents',
              project_number: 739419398126,
              zone: 'us-west1-a',
            },
          },
        },
        { groups: [] },
      ],
    },
    refused: {
      "another customer's service account": [{ email: 'deployer@evil.iam.gserviceaccount.com' }, 'ClaimRefused'],
      'a service account whose project only ends alike': [
        { email: 'x@not-acme-agents.iam.gserviceaccount.com' },
        'ClaimRefused',
      ],
      'a person': [{ email: 'dana@acme.example', hd: 'acme.example' }, 'ClaimRefused'],
      'an address that is not verified': [{ email_verified: false }, 'ClaimRefused'],
      'a token without an address': [{ email: undefined, email_verified: undefined }, 'ClaimRefused'],
    },
  },
  keycloak: {
    claims: {
      ...times,
      nbf: undefined,
      jti: 'trrtcc:7e1d2d49-3a3c-4f0c-9a0a-0d8c5a4b1f77',
      iss: 'https://keycloak.acme.example/realms/agents',
      aud: ['chaperone', 'account'],
      sub: 'a2b4c6d8-1f2e-4d3c-8b5a-9e7f6d5c4b3a',
      typ: 'Bearer',
      azp: 'deployer',
      acr: '1',
      'allowed-origins': ['/*'],
      realm_access: { roles: ['default-roles-agents', 'deployer'] },
      resource_access: { account: { roles: ['manage-account', 'view-profile'] } },
      scope: 'profile email',
      email_verified: false,
      clientHost: '10.0.0.7',
      groups: ['/ci/deploy'],
      preferred_username: 'service-account-deployer',
      clientAddress: '10.0.0.7',
      client_id: 'deployer',
    },
    want: {
      username: 'keycloak:service-account-deployer',
      uid: 'a2b4c6d8-1f2e-4d3c-8b5a-9e7f6d5c4b3a',
      groups: ['keycloak:/ci/deploy', 'keycloak:role:default-roles-agents', 'keycloak:role:deployer'],
      extra: { 'acme.example/client': ['deployer'] },
    },
    accepted: {
      'a token without groups and roles': [{ groups: undefined, realm_access: undefined }, { groups: [] }],
      'a single audience': [{ aud: 'chaperone' }, {}],
    },
    refused: {
      'an ID token': [{ typ: 'ID' }, 'ClaimRefused'],
      'a logout token': [{ typ: 'Logout' }, 'ClaimRefused'],
      'a token of a client without the mapper of audiences': [{ aud: 'account' }, 'AudienceMismatch'],
    },
  },
  dex: {
    claims: {
      iss: 'https://dex.acme.example/dex',
      sub: 'CgVkYW5hMRIEbGRhcA',
      aud: 'chaperone',
      ...times,
      nbf: undefined,
      at_hash: 'pYwSd7Jd2Nn6FhZlqUdjEA',
      c_hash: 'Rj4M0sPj2rn0Bzn1xZ2vKQ',
      email: 'dana@acme.example',
      email_verified: true,
      groups: ['oncall', 'deploy-bots'],
      name: 'Dana Ito',
      preferred_username: 'dana1',
      federated_claims: { connector_id: 'ldap', user_id: 'dana1' },
    },
    want: {
      username: 'dex:dana@acme.example',
      uid: 'CgVkYW5hMRIEbGRhcA',
      groups: ['dex:oncall', 'dex:deploy-bots'],
      extra: {},
    },
    accepted: { 'a token without groups': [{ groups: undefined }, { groups: [] }] },
    refused: {
      'an address that is not verified': [{ email_verified: false }, 'ClaimRefused'],
      'a token of another connector': [{ federated_claims: { connector_id: 'github', user_id: '1' } }, 'ClaimRefused'],
      'a token without the scope federated:id': [{ federated_claims: undefined }, 'ClaimRefused'],
    },
  },
  'github-actions': {
    claims: {
      jti: 'a1b2c3d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d',
      sub: 'repo:acme/shop:environment:production',
      environment: 'production',
      aud: 'chaperone',
      ref: 'refs/heads/main',
      sha: '5b1f0d5c2f3a4e6b7c8d9e0f1a2b3c4d5e6f7a8b',
      repository: 'acme/shop',
      repository_owner: 'acme',
      actor_id: '12',
      repository_visibility: 'private',
      repository_id: '74',
      repository_owner_id: '65',
      run_id: '9876543210',
      run_number: '10',
      run_attempt: '2',
      runner_environment: 'github-hosted',
      actor: 'octocat',
      workflow: 'deploy',
      head_ref: '',
      base_ref: '',
      event_name: 'workflow_dispatch',
      ref_protected: 'true',
      ref_type: 'branch',
      workflow_ref: 'acme/shop/.github/workflows/deploy.yml@refs/heads/main',
      workflow_sha: '5b1f0d5c2f3a4e6b7c8d9e0f1a2b3c4d5e6f7a8b',
      job_workflow_ref: 'acme/workflows/.github/workflows/deploy.yml@refs/heads/main',
      job_workflow_sha: '0f1a2b3c4d5e6f7a8b5b1f0d5c2f3a4e6b7c8d9e',
      iss: 'https://token.actions.githubusercontent.com',
      ...times,
    },
    want: {
      username: 'github:acme/shop',
      uid: '74',
      groups: ['github:acme', 'github:acme/shop:environment:production'],
      extra: {
        'chaperone.dev/run': ['acme/shop/actions/runs/9876543210/attempts/2'],
        'chaperone.dev/ci-job': ['acme/workflows/.github/workflows/deploy.yml@refs/heads/main'],
        'chaperone.dev/ref': ['refs/heads/main'],
        'chaperone.dev/owner': ['github:octocat'],
        'acme.example/ref-protected': ['true'],
        'acme.example/commit': ['5b1f0d5c2f3a4e6b7c8d9e0f1a2b3c4d5e6f7a8b'],
      },
    },
    accepted: {
      'a job without an environment': [
        { environment: undefined, sub: 'repo:acme/shop:ref:refs/heads/main' },
        { groups: ['github:acme'] },
      ],
    },
    refused: {
      "somebody else's repository": [
        {
          repository: 'evil/shop',
          repository_owner: 'evil',
          repository_owner_id: '66',
          sub: 'repo:evil/shop:ref:refs/heads/main',
        },
        'ClaimRefused',
      ],
      'a repository of whoever took over the name': [{ repository_owner_id: '99' }, 'ClaimRefused'],
      'a workflow of a pull request': [
        { event_name: 'pull_request', sub: 'repo:acme/shop:pull_request', ref: 'refs/pull/7/merge' },
        'ClaimRefused',
      ],
      'the default audience': [{ aud: 'https://github.com/acme' }, 'AudienceMismatch'],
    },
  },
  'gitlab-ci': {
    claims: {
      namespace_id: '72',
      namespace_path: 'acme',
      project_id: '20',
      project_path: 'acme/shop',
      user_id: '1',
      user_login: 'dana',
      user_email: 'dana@acme.example',
      user_access_level: 'maintainer',
      user_identities: [{ provider: 'github', extern_uid: '2435223452345' }],
      pipeline_id: '574',
      pipeline_source: 'push',
      job_id: '302',
      ref: 'main',
      ref_type: 'branch',
      ref_path: 'refs/heads/main',
      ref_protected: 'true',
      groups_direct: ['acme', 'acme/ops'],
      environment: 'production',
      environment_protected: 'true',
      deployment_tier: 'production',
      environment_action: 'start',
      runner_id: 1,
      runner_environment: 'gitlab-hosted',
      sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
      project_visibility: 'private',
      ci_config_ref_uri: 'gitlab.com/acme/shop//.gitlab-ci.yml@refs/heads/main',
      ci_config_sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
      jti: 'dbf8d3d0-2f3b-4d6b-8d2f-0d6c9d1f2b3a',
      iss: 'https://gitlab.com',
      ...times,
      sub: 'project_path:acme/shop:ref_type:branch:ref:main',
      aud: 'chaperone',
    },
    want: {
      username: 'gitlab:acme/shop',
      uid: '20',
      groups: ['gitlab:acme', 'gitlab:acme/shop:environment:production'],
      extra: {
        'chaperone.dev/run': ['acme/shop/-/pipelines/574'],
        'chaperone.dev/ci-job': ['acme/shop/-/jobs/302'],
        'chaperone.dev/ref': ['refs/heads/main'],
        'chaperone.dev/owner': ['gitlab:dana'],
        'acme.example/commit': ['714a629c0b401fdce83e847fc9589983fc6f46bc'],
      },
    },
    accepted: {
      'a project of a group inside the group': [
        { namespace_path: 'acme/web', project_path: 'acme/web/site' },
        {
          username: 'gitlab:acme/web/site',
          groups: ['gitlab:acme/web', 'gitlab:acme/web/site:environment:production'],
        },
      ],
      'an environment that is not protected': [{ environment_protected: 'false' }, { groups: ['gitlab:acme'] }],
      'a job without an environment': [
        { environment: undefined, environment_protected: undefined },
        { groups: ['gitlab:acme'] },
      ],
    },
    refused: {
      "somebody else's project": [{ namespace_path: 'evil', project_path: 'evil/shop' }, 'ClaimRefused'],
      'a group whose name only begins alike': [
        { namespace_path: 'acme-evil', project_path: 'acme-evil/x' },
        'ClaimRefused',
      ],
      'a branch that anybody may push to': [{ ref_protected: 'false', ref: 'feature' }, 'ClaimRefused'],
      'a token for Vault': [{ aud: 'https://vault.acme.example' }, 'AudienceMismatch'],
    },
  },
};

test('every sample has a test', () => {
  expect(readdirSync(DIRECTORY).toSorted()).toEqual(
    Object.keys(samples)
      .map((name) => `${name}.yaml`)
      .toSorted(),
  );
});

describe.each(Object.entries(samples))('%s', (name, { claims, want, accepted, refused }) => {
  test('maps its tokens', () => {
    expect(judge(name, claims)).toEqual(want);
  });

  test.each(Object.entries(accepted))('accepts %s', (_sentence, [changes, differs]) => {
    expect(judge(name, { ...claims, ...changes })).toMatchObject(differs);
  });

  test.each(Object.entries(refused))('refuses %s', (_sentence, [changes, code]) => {
    expect(refusalOf(() => judge(name, { ...claims, ...changes }))).toBe(code);
  });
});
