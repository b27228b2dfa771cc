/** Name of the directory under dist/native/ that holds the native parts for this system, such as 'linux-x64-glibc'. */
export function nativeDirectory(): string {
  const system = `${process.platform}-${process.arch}`;
  return process.platform === 'linux' ? `${system}-${libc()}` : system;
}

/** Which C library this Node is linked with; a binary made for the other one does not load. */
function libc(): 'glibc' | 'musl' {
  // @types/node 20 does not know excludeNetwork: without it the report looks up the names of all open connections.
  const report = process.report as typeof process.report & { excludeNetwork?: boolean };
  const before = report.excludeNetwork;
  report.excludeNetwork = true;
  const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } };
  if (before !== undefined) report.excludeNetwork = before;
  return header?.glibcVersionRuntime ? 'glibc' : 'musl';
}
