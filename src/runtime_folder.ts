/**
 * The first of the run-time directories that systemd made for the service, as it names them (RUNTIME_DIRECTORY of
 * systemd.exec(5)); undefined where it made none.
 */
export function runtimeFolder(directories: string | undefined): string | undefined {
  return directories?.split(":")[0] || undefined;
}
