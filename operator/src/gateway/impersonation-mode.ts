import type { Subject } from '@chaperone/crds/v1alpha1/generated/api';

/**
 * Modes of constrained impersonation (KEP-5284) that the gateway uses: as users with groups and extras, and as
 * ServiceAccounts under their own names, of whom nothing but the name can be given.
 */
export const IMPERSONATION_MODES = ['user-info', 'serviceaccount'] as const;
export type ImpersonationMode = (typeof IMPERSONATION_MODES)[number];

const SERVICE_ACCOUNT_USER = 'system:serviceaccount:';

/** The modes in which a policy's subjects can call, where the ServiceAccounts of some namespaces act under their own names. */
export function modesOf(
  subjects: readonly Subject[],
  nativeNamespaces: readonly string[],
): readonly ImpersonationMode[] {
  const native = subjects.some((subject) => mayBeNative(subject, nativeNamespaces));
  const onlyNative = subjects.every(
    ({ kind, namespace }) => kind === 'ServiceAccount' && nativeNamespaces.includes(namespace ?? ''),
  );
  return IMPERSONATION_MODES.filter((mode) => (mode === 'serviceaccount' ? native : !onlyNative));
}

function mayBeNative({ kind, name, namespace }: Subject, nativeNamespaces: readonly string[]): boolean {
  switch (kind) {
    case 'ServiceAccount':
      return nativeNamespaces.includes(namespace ?? '');
    case 'User':
      return nativeNamespaces.some((native) => name.startsWith(`${SERVICE_ACCOUNT_USER}${native}:`));
    case 'Group':
      // The groups that every ServiceAccount is in; it has no others.
      return (
        nativeNamespaces.length > 0 &&
        (name === 'system:authenticated' ||
          name === 'system:serviceaccounts' ||
          nativeNamespaces.some((native) => name === `system:serviceaccounts:${native}`))
      );
    default:
      return kind satisfies never;
  }
}
