import { startsToken } from './boundaries.ts';
import { type Detector, type DetectorKind, matchAt } from './detector.ts';
import { isVaried } from './shown-values.ts';

/** A token that tells what it is by how it begins. */
interface Prefixed {
  readonly name: string;
  readonly kind: DetectorKind;
  readonly description: string;
  readonly prefixes: readonly string[];
  /** What follows a prefix. Repetition is bounded. */
  readonly rest: string;
}

const WORD = '[A-Za-z0-9_]';

const PREFIXED: readonly Prefixed[] = [
  {
    name: 'gcp-api-key',
    kind: 'CloudToken',
    description: 'API keys of Google',
    prefixes: ['AIza'],
    rest: '[A-Za-z0-9_-]{35}',
  },
  {
    name: 'gcp-oauth-token',
    kind: 'CloudToken',
    description: 'OAuth access and refresh tokens, and client secrets, of Google',
    prefixes: ['ya29.', '1//0', 'GOCSPX-'],
    rest: '[A-Za-z0-9_.-]{24,2048}',
  },
  {
    name: 'slack-token',
    kind: 'CloudToken',
    description: 'bot, user, app and other tokens of Slack',
    prefixes: ['xoxa-', 'xoxb-', 'xoxe-', 'xoxe.', 'xoxo-', 'xoxp-', 'xoxr-', 'xoxs-', 'xapp-'],
    rest: '[A-Za-z0-9.-]{16,512}',
  },
  {
    name: 'slack-webhook',
    kind: 'CloudToken',
    description: 'the secret path of incoming webhooks of Slack',
    prefixes: ['hooks.slack.com/services/', 'hooks.slack.com/workflows/', 'hooks.slack.com/triggers/'],
    rest: '[A-Za-z0-9/_-]{20,256}',
  },
  {
    name: 'cloud-token',
    kind: 'CloudToken',
    description:
      'tokens of DigitalOcean, Vault, Terraform Cloud, Stripe, SendGrid, Hugging Face, Anthropic, OpenAI, Grafana, Databricks',
    prefixes: [
      'dop_v1_',
      'doo_v1_',
      'dor_v1_',
      'hvs.',
      'hvb.',
      'hvr.',
      'atlasv1.',
      'sk_live_',
      'rk_live_',
      'sk_test_',
      'SG.',
      'hf_',
      'sk-ant-',
      'sk-proj-',
      'sk-svcacct-',
      'glsa_',
      'glc_',
      'dapi',
    ],
    rest: '[A-Za-z0-9_.=-]{32,512}',
  },
  {
    name: 'github-token',
    kind: 'ForgeToken',
    description: 'personal, OAuth, app and refresh tokens of GitHub',
    prefixes: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'],
    rest: '[A-Za-z0-9_]{36,512}',
  },
  {
    name: 'github-fine-grained-token',
    kind: 'ForgeToken',
    description: 'fine-grained personal access tokens of GitHub',
    prefixes: ['github_pat_'],
    rest: '[A-Za-z0-9_]{36,255}',
  },
  {
    name: 'gitlab-token',
    kind: 'ForgeToken',
    description: 'access, deploy, runner, trigger, job, agent, feed and other tokens of GitLab',
    prefixes: [
      'glpat-',
      'gldt-',
      'glrt-',
      'glrtr-',
      'glcbt-',
      'glptt-',
      'glft-',
      'glimt-',
      'glagent-',
      'gloas-',
      'glsoat-',
      'glffct-',
      'glwt-',
      'GR1348941',
    ],
    rest: '[A-Za-z0-9_.=-]{20,512}',
  },
  {
    name: 'npm-token',
    kind: 'ForgeToken',
    description: 'access tokens of npm',
    prefixes: ['npm_'],
    rest: '[A-Za-z0-9]{36,64}',
  },
  {
    name: 'registry-token',
    kind: 'ForgeToken',
    description: 'tokens of PyPI, Docker Hub, RubyGems, crates.io, Bitbucket and Atlassian',
    prefixes: ['pypi-AgE', 'dckr_pat_', 'dckr_oat_', 'rubygems_', 'cio', 'ATBB', 'ATCTT3', 'ATATT3'],
    rest: '[A-Za-z0-9_=-]{27,512}',
  },
];

function newPrefixedDetector({ name, kind, description, prefixes, rest }: Prefixed): Detector {
  const alternatives = prefixes.map((prefix) => prefix.replaceAll('.', '\\.').replaceAll('/', '\\\\*/'));
  const token = new RegExp(`(?:${alternatives.join('|')})(${rest})(?!${WORD})`, 'y');
  // A slash may be escaped in JSON, so of a prefix that has one only what is before it is looked for.
  const anchors = prefixes.map((prefix) =>
    (prefix.includes('.com/') ? prefix.slice(0, prefix.indexOf('/')) : prefix).toLowerCase(),
  );
  return {
    name,
    kind,
    description,
    example: `${prefixes[0] ?? ''}…`,
    anchors: [...new Set(anchors)],
    match(text, at) {
      const found = startsToken(text, at) ? matchAt(token, text, at) : null;
      if (found === null) return undefined;
      const secret = found[1] ?? '';
      if (!isVaried(secret, 6) || !/[0-9A-Z]/.test(secret)) return undefined;
      return { start: at, end: at + found[0].length };
    },
  };
}

export const prefixedTokens: readonly Detector[] = PREFIXED.map(newPrefixedDetector);
