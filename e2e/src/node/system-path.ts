/** Where Linux keeps system programs, on PATH or not: root's PATH after `su` has no sbin. */
export const SYSTEM_DIRECTORIES = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** PATH with the system's directories at its end. */
export const systemPath = (): string =>
  [process.env['PATH'] ?? '', ...SYSTEM_DIRECTORIES].filter((entry) => entry !== '').join(':');

/** The launcher's environment with that PATH, for `ip`, `iptables`, `umount` and their like. */
export const systemEnvironment = (): Readonly<Record<string, string | undefined>> => ({
  ...process.env,
  PATH: systemPath(),
});
