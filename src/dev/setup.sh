#!/bin/sh
# Installs what AutoPass needs from the system on Debian and Ubuntu; does and prints nothing when all is there.
#   sh src/dev/setup.sh            what building and tuning need; the rest is mentioned, not required
#   sh src/dev/setup.sh --tests    everything that the tests use, none of it optional
# Exit code 1: something is missing and cannot be installed from here; the command to run is printed.
set -u

preferred=19
newest=22
oldest=16

tests=no
for argument in "$@"; do
  case $argument in
    --tests) tests=yes ;;
    *) echo "setup: unknown option $argument (known: --tests)" >&2; exit 1 ;;
  esac
done

has() { command -v "$1" >/dev/null 2>&1; }

has_llvm() {
  has "clang-$1" && has "clang++-$1" && has "opt-$1" && has "llvm-profdata-$1" && has "ld.lld-$1" &&
    has_profile_runtime "$1"
}

# clang does not pull in the library that instrumented code is linked with.
has_profile_runtime() {
  for library in "$("clang-$1" -print-resource-dir)"/lib/*/libclang_rt.profile*.a; do
    [ -e "$library" ] && return 0
  done
  return 1
}

# The preferred release when it is there, otherwise the newest one, otherwise nothing.
installed_llvm() {
  if has_llvm "$preferred"; then echo "$preferred"; return; fi
  major=$newest
  while [ "$major" -ge "$oldest" ]; do
    if has_llvm "$major"; then echo "$major"; return; fi
    major=$((major - 1))
  done
}

# The same choice among what apt offers; the package lists must have been read.
available_llvm() {
  if available "clang-$preferred"; then echo "$preferred"; return; fi
  major=$newest
  while [ "$major" -ge "$oldest" ]; do
    if available "clang-$major"; then echo "$major"; return; fi
    major=$((major - 1))
  done
}

available() { apt-cache show "$1" 2>/dev/null | grep -q '^Package:'; }

# Some releases install perf as a wrapper that only says which package the running kernel would need.
has_perf() { has perf && perf --version >/dev/null 2>&1; }

perf_package() {
  if (. /etc/os-release 2>/dev/null; [ "${ID:-}" = ubuntu ]); then echo linux-tools-generic; else echo linux-perf; fi
}

llvm_packages() { echo "clang-$1 llvm-$1 lld-$1 libclang-rt-$1-dev"; }

required_packages() {
  has make || echo make
  has g++ || echo g++
  has python3 || echo python3
  has cmake || echo cmake
  has git || echo git
}

# For building code of another architecture, and running that of other processors.
cross_packages() {
  has aarch64-linux-gnu-g++ || echo g++-aarch64-linux-gnu
  has qemu-aarch64 && has qemu-x86_64 || echo qemu-user
}

# For a machine that is reached through ssh; not everybody has sshd's folder on PATH.
device_packages() {
  has ssh && (PATH=$PATH:/usr/sbin; has sshd) || echo openssh-client openssh-server
}

optional_packages() {
  has ninja || echo ninja-build
  has ccache || echo ccache
  has_perf || perf_package
}

node_is_new_enough() {
  has node && node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'
}

# A download that stops half-way is common enough to try once more.
twice() { "$@" || { sleep 3; "$@"; }; }

apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >>"$log" 2>&1
}

if ! node_is_new_enough; then
  echo "setup: Node 20.19 or newer is needed, found $(node --version 2>/dev/null || echo none); see https://nodejs.org/en/download" >&2
  exit 1
fi

# Homebrew and the BSDs name their packages differently, and perf exists on Linux only.
if [ "$(uname -s)" != Linux ]; then
  if has clang && has cmake && [ "$tests" = no ]; then exit 0; fi
  echo "setup: only Linux is set up from here; install LLVM $oldest to $newest, cmake and ninja with the system's own tool" >&2
  exit 1
fi

required=$(required_packages)
optional=$(optional_packages)
llvm=$(installed_llvm)
if [ "$tests" = yes ]; then
  required="$required $optional $(cross_packages) $(device_packages)"
  optional=
fi

# Word splitting is what makes lists of these strings from here on.
# shellcheck disable=SC2086
set -- $required
if [ $# -eq 0 ] && [ -n "$llvm" ] && [ -z "$optional" ]; then exit 0; fi

# Only the first set-up installs conveniences: what could not be had then must not cost every later run an update.
if [ $# -eq 0 ] && [ -n "$llvm" ]; then
  echo "setup: fine without, better with:" $optional "(Debian's names)" >&2
  exit 0
fi

if ! has apt-get; then
  [ -n "$llvm" ] || set -- "$@" "clang, llvm and lld (one release from $oldest to $newest)"
  echo "setup: there is no apt-get here; install these with the system's own tool (Debian's names):" "$@" >&2
  exit 1
fi

if [ "$(id -u)" -ne 0 ]; then
  if [ -z "$llvm" ]; then
    # Without read lists apt knows no package at all; then the preferred release is the best guess.
    offered=$(available_llvm)
    # shellcheck disable=SC2046
    set -- "$@" $(llvm_packages "${offered:-$preferred}")
  fi
  # shellcheck disable=SC2086
  set -- "$@" $optional
  echo "setup: run this, then try again:" >&2
  echo "  sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends $*'" >&2
  exit 1
fi

log=$(mktemp "${TMPDIR:-/tmp}/autopass-setup.XXXXXX")
trap 'rm -f "$log"' EXIT

fail() {
  echo "setup: $1; the end of apt's output:" >&2
  tail -n 15 "$log" >&2
  exit 1
}

twice apt-get update -q >>"$log" 2>&1 || echo "setup: apt-get update failed; going on with the package lists that are here" >&2

if [ -z "$llvm" ]; then
  llvm=$(available_llvm)
  if [ -z "$llvm" ]; then
    fail "this release offers no clang from $oldest to $newest (https://apt.llvm.org has packages for it)"
  fi
  # shellcheck disable=SC2046
  set -- "$@" $(llvm_packages "$llvm")
fi

if [ $# -gt 0 ]; then
  echo "setup: installing" "$@" >&2
  twice apt_install "$@" || fail "apt-get could not install $*"
fi

# One by one: a missing convenience must not take the others with it.
for package in $optional; do
  echo "setup: installing $package (optional)" >&2
  twice apt_install "$package" || echo "setup: could not install $package; going on without it" >&2
done

# apt's success is not the same as the commands being there.
missing=$(required_packages)
[ "$tests" = no ] || missing="$missing $(optional_packages) $(cross_packages) $(device_packages)"
# shellcheck disable=SC2086
set -- $missing
[ -n "$(installed_llvm)" ] || set -- "$@" "clang-$llvm"
if [ $# -gt 0 ]; then
  fail "still missing after the installation: $*"
fi
