#!/bin/sh
# test_versions.sh [MAJOR...]: builds and tests under later majors of PostgreSQL than this system has (default: 17 18), each
# in a chroot of the Debian suite that has it, with that suite's compiler and libraries. A chroot is made once, takes some
# minutes and 2.5 GB, and stays in build/versions/MAJOR: remove it for newer packages. Needs root, since only root can chroot.
# Then pg_upgrade to it from this system's version, and from those that the same run has tested before: test/versions/upgrade.sh.
#   SUITES="regress pgtap"   only these of test/*, and "upgrade"; by default all but real data, fuzzers and what is about this system's compiler
# Each version's output is in build/versions/MAJOR.log too. What cannot be had is skipped, and said. The last line adds up.
set -eu
. "$(dirname "$0")/common.sh"

home=$build/versions
suites=${SUITES:-tree regress pgtap isolation tap random language time modules faults concurrent upgrade}
tested=
all_passed=0 all_failed=0 all_skipped=0

skip() {
  echo "skipped: $*"
  all_skipped=$((all_skipped + 1))
}

debian_suite() {
  case $1 in
    17) echo trixie ;;
    18) echo forky ;;
    *) fail "no Debian suite known with PostgreSQL $1; this script knows 17 and 18" ;;
  esac
}

# Runs a command in the chroot of a major. What is mounted for it is mounted for it alone, and is gone with its last
# process: nothing of this system can hang below build/.
inside() {
  chroot=$home/$1
  shift
  unshare --mount sh -euc '
    chroot=$1
    shift
    mount -t proc proc "$chroot/proc"
    mount --rbind /dev "$chroot/dev"
    mount -t tmpfs tmpfs "$chroot/dev/shm"
    exec chroot "$chroot" env -i -C /src PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"' sh "$chroot" "$@" </dev/null
}

# Makes a major's chroot where it is missing.
make_chroot() {
  [ ! -e "$home/$1/ready" ] || return 0
  suite=$(debian_suite "$1")
  echo "Making a chroot of Debian $suite."
  "$root/scripts/install_dependencies.sh" chroots || return 1
  # The mirror that this system's packages come from.
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' | head -n 1)
  # All suites since etch are made alike.
  if ! { rm -rf "${home:?}/$1" && mkdir -p "$home/$1" &&
         unshare --mount debootstrap --variant=minbase "$suite" "$home/$1" "$mirror" /usr/share/debootstrap/scripts/sid; } \
      >"$home/$1.log" 2>&1 </dev/null; then
    tail -n 20 "$home/$1.log"
    return 1
  fi
  # A mirror that stands still grows old; its signatures are looked at all the same.
  echo 'Acquire::Check-Valid-Until "false";' >"$home/$1/etc/apt/apt.conf.d/mirror"
  mkdir "$home/$1/src"
  touch "$home/$1/ready"
}

# Brings the sources up to date, and leaves what was built of them. All are new to make: one that was changed here while the last
# build ran there would be older than its object. ccache knows the rest.
copy_sources() {
  find "$home/$1/src" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
  tar -C "$root" --exclude=./build --exclude=./.git -cf - . | tar -C "$home/$1/src" --no-same-owner -xmf -
}

# Unpacks the programs of this system's PostgreSQL into a chroot: of the oldest release that its archive has, for pg_upgrade to a release
# that was made before the old server's does not work (15.20 and 17.12 keep versions of columns, which 18.6 does not know).
unpack_programs() {
  mkdir -p "$home/packages"
  release=$(apt-cache madison "postgresql-$1" | awk '{ print $3 }' | sort -V | head -n 1)
  for package in "postgresql-$1" "postgresql-client-$1"; do
    file=$(find "$home/packages" -name "${package}_${release}_*.deb")
    if [ -z "$file" ]; then
      (cd "$home/packages" && apt-get -q -o APT::Sandbox::User=root download "$package=$release") >>"$home/$2.log" 2>&1 || return 1
      file=$(find "$home/packages" -name "${package}_${release}_*.deb")
    fi
    dpkg-deb --fsys-tarfile "$file" | tar -C "$home/$2" -xf - ./usr/lib/postgresql ./usr/share/postgresql || return 1
  done
  ${MAKE:-make} -s -C "$root" install DESTDIR="$home/$2" >/dev/null
}

# Puts another PostgreSQL, its programs with the extension, into a chroot, and of libraries what is missing there: bring_programs OLD ROOT CHROOT.
bring_programs() {
  for folder in usr/lib/postgresql/"$1" usr/share/postgresql/"$1"; do
    rm -rf "${home:?}/$3/$folder"
    [ "$2" = / ] || { mkdir -p "$home/$3/$folder" && tar -C "$2/$folder" -cf - . | tar -C "$home/$3/$folder" -xf -; }
  done
  [ "$2" != / ] || unpack_programs "$1" "$3" || return 1
  # What compiles queries needs LLVM, which is large.
  rm -f "$home/$3/usr/lib/postgresql/$1/lib"/llvmjit*
  while true; do
    missing=$(inside "$3" sh -c "ldconfig; ldd /usr/lib/postgresql/$1/bin/* /usr/lib/postgresql/$1/lib/segmentation.so /usr/local/lib/lib*.so* 2>/dev/null" |
      sed -n 's/^[[:space:]]*\([^ ]*\) => not found.*/\1/p' | sort -u)
    [ -n "$missing" ] || return 0
    for library in $missing; do
      file=$(find "$2/usr/lib" -name "$library" | head -n 1)
      [ -n "$file" ] || return 1
      cp -L "$file" "$home/$3/usr/local/lib/"
    done
  done
}

test_upgrades() {
  inside "$1" make -s install PG_CONFIG="$bin/pg_config" >>"$home/$1.log" 2>&1 || { tail -n 20 "$home/$1.log"; failed=$((failed + 1)); return; }
  for old in $("$PG_CONFIG" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/') $tested; do
    [ "$old" -lt "$1" ] || continue
    echo "== upgrade from $old"
    from=$home/$old
    case " $tested " in *" $old "*) ;; *) from=/ ;; esac
    if bring_programs "$old" "$from" "$1"; then
      counted "$home/$1.log" inside "$1" test/versions/upgrade.sh "/usr/lib/postgresql/$old/bin" "$bin"
    else
      skip "could not bring the programs of PostgreSQL $old"
    fi
  done
}

# Runs a command that ends with its counts, shows what it says and puts it into a log too, and adds them up: counted LOG COMMAND...
counted() {
  log=$1
  shift
  { "$@" 2>&1 || true; } | tee -a "$log"
  counts=$(tail -n 1 "$log" | sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed\(, \([0-9]*\) skipped\)*$/\1 \2 \4/p')
  # What ends without a count has failed.
  read -r p f s <<COUNTS
${counts:-0 1}
COUNTS
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + ${s:-0}))
}

test_version() {
  echo "=== PostgreSQL $1"
  make_chroot "$1" || { skip "PostgreSQL $1: no chroot of Debian $(debian_suite "$1") could be made"; return; }
  copy_sources "$1"
  bin=/usr/lib/postgresql/$1/bin
  inside "$1" PG_MAJOR="$1" scripts/install_dependencies.sh versions ||
    { skip "PostgreSQL $1: Debian $(debian_suite "$1") has not got what is needed"; return; }
  passed=0 failed=0 skipped=0
  rm -f "$home/$1.log"
  here=$(printf ' %s ' "$suites" | sed 's/ upgrade / /')
  # shellcheck disable=SC2086
  [ -z "${here# }" ] || counted "$home/$1.log" inside "$1" PG_MAJOR="$1" PG_CONFIG="$bin/pg_config" DEPENDENCIES=versions \
    FAULT_ROUNDS="${FAULT_ROUNDS:-2000}" CONCURRENT_SECONDS="${CONCURRENT_SECONDS:-20}" scripts/test.sh $here
  case " $suites " in *" upgrade "*) test_upgrades "$1" ;; esac
  tested="$tested $1"
  echo "$("$home/$1$bin/postgres" --version 2>/dev/null || inside "$1" "$bin/postgres" --version): $passed passed, $failed failed, $skipped skipped"
  all_passed=$((all_passed + passed)) all_failed=$((all_failed + failed)) all_skipped=$((all_skipped + skipped))
}

[ $# != 0 ] || set -- 17 18
for major in "$@"; do debian_suite "$major" >/dev/null; done
if [ "$(id -u)" != 0 ]; then
  skip "only root can test other versions of PostgreSQL: they run in chroots"
elif ! unshare --mount true 2>/dev/null; then
  skip "no mounting here, which chroots with other versions of PostgreSQL need"
else
  mkdir -p "$home"
  for major in "$@"; do test_version "$major"; done
fi
tail=
[ "$all_skipped" = 0 ] || tail=", $all_skipped skipped"
echo "$all_passed passed, $all_failed failed$tail"
[ "$all_failed" = 0 ]
