/**
 * Becomes the command: puts its own process into the filters of both instances, switches them on
 * and execs, so that the recording begins with the command's exec.
 * $1 target's instance, $2 kernel threads' instance or empty, $3 preload library or empty,
 * $4 "kvm" to keep /dev/kvm open as descriptor 9.
 */
const SCRIPT = `
main=$1 side=$2 library=$3 kvm=$4
shift 4
echo $$ >>"$main/set_event_pid" || exit 125
if [ -n "$side" ]; then echo $$ >>"$side/set_event_notrace_pid" || exit 125; fi
if [ -n "$kvm" ]; then exec 9<>/dev/kvm || exit 125; export XLT_BENCH_KVM_FD=9; fi
export XLT_BENCH_TARGET=$$ XLT_BENCH_MARKER="$main/trace_marker"
if [ -n "$library" ]; then export LD_PRELOAD="$library\${LD_PRELOAD:+:$LD_PRELOAD}"; fi
if [ -n "$side" ]; then echo 1 >"$side/tracing_on" || exit 125; fi
echo 1 >"$main/tracing_on" || exit 125
exec "$@"
`;

const LAUNCHER = ['/bin/sh', '-c', SCRIPT, 'xlt-bench-record'];

/** The launcher's own command line begins with this, until it becomes the command. */
export const LAUNCHER_COMMAND_LINE = `${LAUNCHER.join('\0')}\0`;

/** The launcher of `command`, as arguments of spawn; absent folders and files are empty. */
export function launcherArguments(
  instances: { readonly main: string; readonly side: string },
  library: string,
  passKvm: boolean,
  command: readonly string[],
): string[] {
  const kvm = passKvm ? 'kvm' : '';
  return [...LAUNCHER, instances.main, instances.side, library, kvm, ...command];
}
