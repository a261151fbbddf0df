#!/bin/sh
# install_dependencies.sh [build|demo|test|bench|chroots|versions]: installs from Debian 12 what is missing for building and the
# demo, for the tests, or for the benchmarks; for scripts/test_versions.sh, what makes chroots, and what is needed inside one for
# PostgreSQL PG_MAJOR. Needs root or sudo only where something is missing. Starts no server, makes no cluster.
set -eu

server=postgresql-${PG_MAJOR:-15}
build_packages="make cmake g++ libfmt-dev libicu-dev libboost-dev libnlopt-dev $server postgresql-server-dev-${PG_MAJOR:-15}"
server_test_packages="$server-pgtap libpq-dev libipc-run-perl python3 faketime"
test_packages="$server_test_packages $server-cron libgtest-dev clang-14 libclang-rt-14-dev clang-format-14 xz-utils"

case ${1:-test} in
  build) wanted=$build_packages ;;
  demo) wanted="$build_packages faketime" ;;
  test) wanted="$build_packages $test_packages" ;;
  bench) wanted="$build_packages python3 libbenchmark-dev" ;;
  chroots) wanted="debootstrap" ;;
  versions) wanted="$build_packages $server_test_packages ccache binutils" ;;
  *) echo "usage: $0 [build|demo|test|bench|chroots|versions]" >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null 2>&1; then
  echo "This script knows Debian; elsewhere, install the equivalents of:" $wanted
  exit 0
fi

missing=
for package in $wanted; do
  dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
  privileged="env DEBIAN_FRONTEND=noninteractive"
elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
  privileged="sudo env DEBIAN_FRONTEND=noninteractive"
else
  echo "missing, and neither root nor sudo to install them:$missing" >&2
  exit 1
fi

echo "Installing$missing"

# Debian makes and starts a cluster when it installs a server. This project starts servers of its own, so that one is
# turned off for the time of the installation.
settings=/etc/postgresql-common/createcluster.d
restore() {
  $privileged rm -f "$settings/segmentation-install.conf"
  if [ -n "${made_settings:-}" ]; then $privileged rmdir --ignore-fail-on-non-empty "$settings"; fi
}
trap restore EXIT
trap 'exit 130' INT TERM
[ -d "$settings" ] || made_settings=yes
$privileged mkdir -p "$settings"
printf '%s\n' "create_main_cluster = false" | $privileged tee "$settings/segmentation-install.conf" >/dev/null

log=$(mktemp)
quiet() {
  if ! "$@" >"$log" 2>&1 </dev/null; then
    tail -n 40 "$log" >&2
    echo "could not run: $*" >&2
    exit 1
  fi
}
apt="$privileged apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3"
quiet $apt update
quiet $apt install -y --no-install-recommends $missing
rm -f "$log"
