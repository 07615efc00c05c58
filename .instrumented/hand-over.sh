# instrumented-make 0.4.0: the hand-over. Rendered by "instrumented-make render"; do not edit.
# Sourced by what .instrumented/engine.mk runs, with /bin/sh, whatever shell that is: POSIX, and no process where it can
# be helped. All names begin with im_: another name might be one that you export, and would reach your command changed.
# im_part says how much of this file is needed; the rest is not read, since a shell takes a while to read it.

im_newline='
'
im_tab='	'

# ---------------------------------------------------------------------------------------------------------------------
# 1. A look at the command line
# ---------------------------------------------------------------------------------------------------------------------

# Whether make, as its makefiles know it ($1), is the program that runs, so that the same can be started again.
im_is_this_make() {
  [ -e "/proc/$PPID/exe" ] || return 0 # a system without /proc
  case $1 in
  */*) [ "$1" -ef "/proc/$PPID/exe" ] ;;
  *)
    im_rest=$PATH:
    while [ -n "$im_rest" ]; do
      im_folder=${im_rest%%:*}
      im_rest=${im_rest#*:}
      if [ -f "${im_folder:-.}/$1" ] && [ -x "${im_folder:-.}/$1" ]; then
        [ "${im_folder:-.}/$1" -ef "/proc/$PPID/exe" ]
        return
      fi
    done
    return 1
    ;;
  esac
}

# Whether this make was started by a command that is being recorded: one of the shells that wait for those, which the file
# $1 names, is an ancestor. $2 is "unknown" before make 4.4, where $(shell make) does not know its own level.
im_is_nested() {
  [ "$2" = unknown ] || return 1
  im_running=''
  [ -f "$1" ] && read -r im_running <"$1" || return 1
  im_ancestor=1
  for im_other in $im_running; do
    [ ! -e "/proc/$im_other" ] || im_ancestor=$PPID
  done
  while [ "$im_ancestor" -gt 1 ]; do
    { IFS= read -r im_line <"/proc/$im_ancestor/stat"; } || return 1
    im_line=${im_line##*') '} # behind the name, which may hold anything
    im_line=${im_line#* }
    im_ancestor=${im_line%% *}
    case " $im_running " in
    *" $im_ancestor "*) # unless another process has that number by now
      if IFS= read -r im_line <"/proc/$im_ancestor/cmdline"; then return 1; fi
      case $im_line in *im_hand_over* | sh | */sh) return 0 ;; esac
      ;;
    esac
  done
  return 1
}

# Print the process id of make and its command line, its arguments joined; $1 is its name as its makefiles know it, $2 the
# file that names those that are being recorded, $3 whether make knows its level. The NULs between arguments are dropped by
# most shells; others stop at the first or put blanks, and then what is printed is not what the engine expects of a plain
# command line.
im_look() {
  # Set before make 4.4 only where you have set them; then they are to be looked at closely.
  [ -z "${MAKEFLAGS-}${GNUMAKEFLAGS-}" ] || return
  [ -n "${MAKEFLAGS+set}" ] || [ -z "${MAKELEVEL+set}${MFLAGS+set}${MAKEOVERRIDES+set}" ] || return
  im_is_this_make "$1" || return
  if im_is_nested "$2" "$3"; then return; fi
  # A line that ends before the file does has more behind it.
  if IFS= read -r im_line <"/proc/$PPID/cmdline"; then return; fi
  [ "${#im_line}" -le 4000 ] || return
  printf '%s\n' "$PPID $im_line"
}

[ "$im_part" != look ] || return 0

# ---------------------------------------------------------------------------------------------------------------------
# 2. The hand-over
# ---------------------------------------------------------------------------------------------------------------------

# Run the command in a make of its own, and record how it went. $1 is what im_look found, $2 the digest of what is
# collected, $3 "mark" if a failure is to be marked by a file rather than by the status, $4 whether make knows its level, $5
# the makefile unless -f named it.
im_hand_over() {
  im_how=$1 im_digest=$2 im_marks=$3 im_level=$4 im_file=${5-}
  im_signal='' im_woken='' im_child='' im_status='' im_reset=''
  im_catch_signals
  {
    im_find_launcher "$im_config"
    im_record_start
  } 2>/dev/null
  set -f
  if [ "$im_how" = plain ]; then
    im_ifs=$IFS
    IFS=' '
    # shellcheck disable=SC2086  # one goal a word
    set -- $im_goals
    IFS=$im_ifs
    im_makefile='' im_named=''
    im_run_command "$@"
  else
    im_with_typed im_run_command
  fi
  im_record_end
  im_start_reporter
  im_end
}

# A signal that was ignored when make started stays ignored, for the command as well: a shell then sets no trap. zsh does.
im_catch_signals() {
  # shellcheck disable=SC2034  # the trap below sets it where the signal is not ignored
  im_probe=''
  trap 'im_probe=yes' INT
  kill -s INT $$
  [ -z "$im_probe" ] || im_reset=INT
  im_probe=''
  trap 'im_probe=yes' QUIT
  kill -s QUIT $$
  [ -z "$im_probe" ] || im_reset=${im_reset:+$im_reset,}QUIT
  trap 'im_signal=1 im_woken=yes' HUP
  [ "${im_reset#INT}" = "$im_reset" ] || trap 'im_signal=2 im_woken=yes' INT
  [ "${im_reset%QUIT}" = "$im_reset" ] || trap 'im_signal=3 im_woken=yes' QUIT
  # Make passes this one on to what it runs, and so does this shell; the others come from the terminal to all at once.
  trap 'im_signal=15 im_woken=yes; im_pass_on' TERM
  # Where files may not grow (ulimit -f), it is the record that is lost.
  { command trap : XFSZ; } 2>/dev/null
}

# Pass TERM on to the command, unless it has come to the whole process group: make clears up when it gets it, and a second
# one would stop that. Then the first is still pending, or is being handled: blocked, and no longer caught. (While make
# starts a process it is blocked as well, but caught.) TERM is the bit 4 of the fourth digit.
im_pass_on() {
  [ -n "$im_child" ] || return 0
  im_blocked=''
  while read -r im_key im_mask im_skip; do
    case $im_key$im_mask in
    SigPnd:*[4567cdef]??? | ShdPnd:*[4567cdef]???) return 0 ;;
    SigBlk:*[4567cdef]???) im_blocked=yes ;;
    SigCgt:*[4567cdef]???) break ;;
    SigCgt:*) [ -z "$im_blocked" ] || return 0 ;;
    esac
  done 2>/dev/null <"/proc/$im_child/status"
  kill -s TERM "$im_child" 2>/dev/null
}

# Write <name>.end, blank, so that a full disk cannot lose the end, and then <name>.start.
im_record_start() {
  im_run=''
  [ -O "$im_config" ] || return
  im_read_line "$im_config/agreed.$im_digest"
  im_agreed=$im_line
  im_read_git
  im_up=-
  read -r im_up im_skip </proc/uptime
  im_umask=''
  { read -r im_skip && read -r im_skip im_umask; } </proc/self/status
  case $im_umask in 0[0-7][0-7][0-7]) ;; *) im_umask=$(umask) ;; esac
  umask 077
  [ -d "$im_config/pending" ] || mkdir "$im_config/pending"
  case ${DEVSTACK_METRICS_TESTING-} in *"$im_newline"*) im_testing='?' ;; *) im_testing=${DEVSTACK_METRICS_TESTING-} ;; esac
  # No file is written over. The uptime is the host's: containers have the same process ids.
  set -C
  im_try=0
  while [ -z "$im_run" ] && [ "$im_try" -lt 9 ]; do
    im_run=$im_config/pending/${im_up%%.*}${im_up##*.}-$$-$im_try
    im_try=$((im_try + 1))
    {
      printf '%63s\n' '' >"$im_run.end" &&
        printf '%s\n' 2 "$im_command" "${EPOCHREALTIME:--} $im_up $im_system" "$im_top" "$im_ref" "$im_commit" \
          "$im_testing" "$im_digest $im_agreed" end >"$im_run.start"
    } || im_run=''
  done
  set +C
  [ "$im_level" = known ] || im_name_running
  umask "$im_umask"
}

# Write into the file "running" which shells wait for a command: this one, and those that it names and that are there. The
# line is written over the old one, since emptying a file takes longer than all the rest of this.
im_name_running() {
  im_others=''
  im_read_line "$im_config/running"
  im_running=$im_line
  for im_other in $im_running; do
    [ ! -e "/proc/$im_other" ] || im_others="$im_others $im_other"
  done
  printf '%-63s\n' "$$$im_others" 1<>"$im_config/running"
}

# What is checked out: two small files, read only if they are files, of yours, and below your home.
im_read_git() {
  im_top=$PWD im_git='' im_ref='' im_commit=''
  while [ -n "$im_top" ] && [ ! -e "$im_top/.git" ]; do im_top=${im_top%/*}; done
  case $im_top in *"$im_newline"*) im_top='' ;; esac
  case ${HOME:-/}/ in "$im_top"/*) im_top='' ;; esac
  [ -n "$im_top" ] && [ -O "$im_top/.git" ] || im_top=''
  [ -n "$im_top" ] || return 0
  if [ -d "$im_top/.git" ]; then
    im_git=$im_top/.git
  elif [ -f "$im_top/.git" ]; then
    read -r im_skip im_git <"$im_top/.git"
    case $im_git in /*) ;; *) im_git=$im_top/$im_git ;; esac
  fi
  im_read_line "$im_git/HEAD"
  case $im_line in
  'ref: refs/'*)
    im_ref=${im_line#ref: }
    case $im_ref in *..* | *' '*) im_ref='' && return ;; esac
    im_common=$im_git
    im_read_line "$im_git/commondir"
    case $im_line in '') ;; /*) im_common=$im_line ;; *) im_common=$im_git/$im_line ;; esac
    im_read_line "$im_common/$im_ref"
    im_commit=$im_line
    ;;
  'ref: '* | '') ;;
  *) im_commit=$im_line ;;
  esac
}

# Leave the first line of the file $1 in im_line; nothing if it is no file of yours.
im_read_line() {
  im_line=''
  [ -f "$1" ] && [ -O "$1" ] || return 0
  IFS= read -r im_line <"$1" || im_line=''
}

# Put back what make has changed: its job server, and its variables in the environment.
im_put_back() {
  # The outer make's job server is not the inner one's. Apple's make leaves a copy of its pipe open besides.
  # Under -e it stands in MFLAGS alone.
  im_rest="${MAKEFLAGS-} ${MFLAGS-}"
  case $im_rest in
  *--jobserver-*=[0-9],[0-9]*)
    im_rest=${im_rest#*--jobserver-*=}
    im_pipe=${im_rest%"${im_rest#?}"}
    for im_number in 3 4 5 6 7 8 9; do
      [ "$im_number" = "$im_pipe" ] || [ ! "/dev/fd/$im_number" -ef "/dev/fd/$im_pipe" ] || eval "exec $im_number<&-"
    done
    im_rest=${im_rest#?,}
    eval "exec $im_pipe<&- ${im_rest%"${im_rest#?}"}<&-"
    ;;
  esac
  if [ "$im_how" = restored ]; then
    im_environ=$(im_environment)
    for im_name in MAKEFLAGS MFLAGS GNUMAKEFLAGS MAKELEVEL MAKEOVERRIDES; do
      if im_has "$im_name"; then
        eval "$im_name=\$(im_value_of $im_name); export $im_name"
      else
        unset "$im_name"
      fi
    done
  else
    unset MAKELEVEL MAKEFLAGS MFLAGS MAKEOVERRIDES
  fi
  unset MAKE_TERMOUT MAKE_TERMERR im_make im_goals im_command im_config im_foreign
}

# Leave the name of this system in im_system, and the launcher that was found on it in im_launcher: env, perl or nothing.
im_find_launcher() {
  im_launcher='' im_boot='' im_mount=''
  read -r im_boot </proc/sys/kernel/random/boot_id
  read -r im_mount im_skip </proc/self/mountinfo
  im_system=${im_boot%%-*}:$im_mount
  [ -f "$1/launcher" ] || return 0
  while read -r im_key im_path; do
    [ "$im_key" != "$im_system" ] || im_launcher=$im_path
  done <"$1/launcher"
  [ -x "$im_launcher" ] || im_launcher=''
}

# Run make with the arguments $@, and wait for its end. The shell waits in "wait", the only place where a signal is heard
# at once. A command in the background is deaf to INT and QUIT and reads nothing, which a launcher and a copy of the
# standard input undo.
im_run_command() {
  [ -n "$im_makefile" ] || set -- -f "$im_file" "$@"
  im_program=$im_make im_home=$im_config
  set -- "$im_program" -f .instrumented/engine.mk "$@"
  # What shells change in the environment of what they start, and what make exports of what was typed.
  im_gone=$im_named
  for im_name in PWD OLDPWD SHLVL LOGNAME _; do
    if eval "[ -n \"\${im_env_$im_name+set}\" ]"; then
      eval "set -- \"$im_name=\$im_env_$im_name\" \"\$@\"; unset im_env_$im_name"
    else
      im_gone="$im_gone $im_name"
    fi
  done
  # And what they drop.
  im_number=0
  for im_name in ${im_foreign-}; do
    im_number=$((im_number + 1))
    eval "set -- \"\$im_name=\$im_foreign_$im_number\" \"\$@\"; unset im_foreign_$im_number"
  done
  for im_name in $im_gone; do set -- -u "$im_name" "$@"; done
  im_put_back
  case $im_launcher in
  *env) set -- "$im_launcher" ${im_reset:+"--default-signal=$im_reset"} "$@" ;;
  *)
    im_part=typed
    . ./.instrumented/hand-over.sh
    im_prepare_otherwise "$@"
    return
    ;;
  esac
  im_start_and_wait "$@"
}

# Start the program $@ as the command, and wait for its end.
im_start_and_wait() {
  if [ -n "$im_signal" ]; then
    exec 8>&2 2>/dev/null
    return
  fi
  # A descriptor that nobody uses. (After "command exec", bash 3.2 does not come to an end.)
  im_free=''
  for im_number in 7 8 9; do
    eval "true >&$im_number" || im_free=$im_number
  done 2>/dev/null
  if [ -z "$im_launcher" ] || [ -z "$im_free" ]; then
    "$@"
    im_status=$?
    exec 8>&2 2>/dev/null
  else
    if { true <&0; } 2>/dev/null; then
      eval "exec $im_free<&0"
      case $im_free in
      9) "$@" <&9 9<&- & ;;
      8) "$@" <&8 8<&- & ;;
      7) "$@" <&7 7<&- & ;;
      esac
    else
      "$@" <&- & # it was closed
    fi
    im_child=$!
    eval "exec $im_free<&-"
    # What a shell says of a command that a signal ended, make says already.
    exec 8>&2 2>/dev/null
    while :; do
      im_woken=''
      wait "$im_child"
      im_last=$?
      [ "$im_last" -eq 127 ] && [ -n "$im_status" ] || im_status=$im_last
      [ -n "$im_woken" ] || break
    done
  fi
  # ksh93 and yash count from other numbers.
  if [ "$im_status" -gt 384 ]; then
    im_status=$((im_status - 256))
  elif [ "$im_status" -gt 256 ]; then
    im_status=$((im_status - 128))
  elif [ "$im_status" -eq 1 ] && [ -z "$im_signal" ]; then
    im_status=131 # SIGQUIT came to make alone: that, and -q, is all that it exits with 1 for
  fi
}

# Write the end over the blanks that hold its place.
im_record_end() {
  [ -z "$im_signal" ] || im_status=$((128 + im_signal))
  im_up=-
  read -r im_up im_skip </proc/uptime
  [ -n "$im_run" ] || return 0
  printf '%s %s %s\n' "$im_status" "${EPOCHREALTIME:--}" "$im_up" 1<>"$im_run.end" || im_run=''
}

# Start the reporter in the background. Everything of this make is closed before the fork, so that nothing of it is held
# for a moment longer. A descriptor above 9 is one that a POSIX shell cannot close: perl can, and is waited for; without it
# the start is left to the next run.
im_start_reporter() {
  # A fork that fails ends some shells. The command's status stays what it is.
  trap 'exit "$im_status"' EXIT
  [ -n "$im_run" ] || return 0
  im_read_line "$im_home/interpreter"
  im_python=$im_line
  [ -x "$im_python" ] || return 0
  cd / || return 0
  im_is_reported && return 0
  if [ -n "${DEVSTACK_METRICS_TESTING-}" ]; then
    "$im_python" -I -m instrumented_make.reporter run --foreground "$im_home" </dev/null >&8 2>&8 8>&-
    return 0
  fi
  exec </dev/null >/dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
  set +f
  im_above=''
  for im_number in /dev/fd/*; do
    case ${im_number##*/} in [0-9] | '*') ;; *) im_above=yes ;; esac
  done
  set -- "$im_python" -I -m instrumented_make.reporter run "$im_home"
  if [ -z "$im_above" ]; then
    "$@" &
  else
    # shellcheck disable=SC2016  # these are perl's
    /usr/bin/perl -e '
      opendir D, "/dev/fd" or exit 1;
      for (grep { /^\d+$/ && $_ > 2 && $_ != fileno D } readdir D) { open my $held, "<&=", $_ and close $held }
      exit if fork; exec @ARGV' "$@" || : >"$im_home/left-to-the-next"
  fi
}

# Whether a reporter is at work on this system: it looks once more after it has taken its name away from there.
im_is_reported() {
  [ -z "${DEVSTACK_METRICS_TESTING-}" ] || return 1
  im_read_line "$im_home/reporting"
  [ "${im_line% *}" = "$im_system" ] && [ "/proc/${im_line#* }/exe" -ef "$im_python" ]
}

# End as the command did. Make decides what becomes of the status. If a signal that came to the inner make alone ended it,
# the outer one gets it as well, and ends as bare make would have. Where a mark would tell of a failure, the outer make says
# nothing of a signal that ends it: it has it already.
im_end() {
  trap - EXIT
  if [ -z "$im_signal" ] && [ "$im_status" -gt 128 ]; then
    im_signal=$((im_status - 128))
    case $im_signal in
    1) im_name=HUP ;;
    2) im_name=INT ;;
    3) im_name=QUIT ;;
    9) im_name=KILL ;;
    13) im_name=PIPE ;;
    15) im_name=TERM ;;
    *) im_name=$(kill -l "$im_signal") ;;
    esac
    kill -s "$im_name" "$PPID"
    im_wait_a_moment
  elif [ "$im_marks" = mark ] && [ -z "$im_signal" ] && [ "$im_status" -ne 0 ]; then
    true >"$im_home/pending/$PPID.failed" || exit "$im_status"
  fi
  [ "$im_marks" != mark ] || exit 0
  case $im_signal in
  1) trap - HUP && kill -s HUP $$ ;;
  2) trap - INT && kill -s INT $$ ;;
  15) trap - TERM && kill -s TERM $$ ;;
  esac
  exit "$im_status"
}

# Wait for about three hundredths of a second: make loses its way if what it waits for ends in the moment of a signal.
im_wait_a_moment() {
  for im_number in 1 2 3; do
    im_now=$im_up
    while [ "$im_now" = "$im_up" ]; do
      read -r im_now im_skip </proc/uptime || return 0
    done
    im_up=$im_now
  done
}

# Take the mark $1 away.
im_unmark() {
  PATH=/usr/bin:/bin
  rm -f "$1"
}

[ "$im_part" != plain ] || return 0

# ---------------------------------------------------------------------------------------------------------------------
# 3. The rule: may this command line be handed over? Only if the inner make can be given exactly the same.
# ---------------------------------------------------------------------------------------------------------------------

# Start the command $@ where env cannot: its first words are -u NAME, or NAME=VALUE, for the environment.
im_prepare_otherwise() {
  case $im_launcher in
  *perl)
    # shellcheck disable=SC2016  # these are perl's
    set -- "$im_launcher" -e '
      $SIG{$_} = "DEFAULT" for split /,/, shift;
      while (1) {
        if ($ARGV[0] eq "-u") { shift; delete $ENV{shift()} }
        elsif ($ARGV[0] =~ /^([^=]+)=(.*)/s) { $ENV{$1} = $2; shift }
        else { last }
      }
      exec {$ARGV[0]} @ARGV; exit 127' "$im_reset" "$@"
    ;;
  *) # as far as the shell itself can
    im_launcher=''
    while :; do
      case $1 in
      -u) { command unset "$2"; } 2>/dev/null && shift ;;
      PWD=* | OLDPWD=* | SHLVL=* | LOGNAME=* | _=*) eval "${1%%=*}=\${1#*=}; export ${1%%=*}" ;;
      [!/]*=*) ;; # no shell can
      *) break ;;
      esac
      shift
    done
    ;;
  esac
  im_start_and_wait "$@"
}

# Call $1 with the arguments that were typed, less -C.
im_with_typed() {
  im_callback=$1
  im_ifs=$IFS
  IFS=$im_newline
  # shellcheck disable=SC2046  # one argument a line
  set -- $(im_arguments)
  IFS=$im_ifs
  shift
  im_left=$#
  while [ "$im_left" -gt 1 ]; do
    set -- "$@" "$1"
    shift
    im_left=$((im_left - 1))
  done
  shift
  im_read_arguments "$im_callback" "$@"
}

# Print the arguments of make, its name first, one a line, and "end". A new line in one is a tab here.
# Without /proc, arguments with blanks come apart.
im_arguments() {
  # Nothing that a relative entry of your PATH leads to.
  PATH=/usr/bin:/bin:/run/current-system/sw/bin
  if [ -e "/proc/$PPID/cmdline" ]; then
    tr '\0\n' '\n\t' <"/proc/$PPID/cmdline"
  else
    ps -ww -o args= -p "$PPID" | tr ' ' '\n'
  fi
  echo end
}

# Print make's own environment likewise; nothing, without /proc.
im_environment() {
  PATH=/usr/bin:/bin:/run/current-system/sw/bin
  [ ! -e "/proc/$PPID/environ" ] || tr '\0\n' '\n\t' <"/proc/$PPID/environ"
}

# The rule. Read the arguments behind $1 as make does, and leave in
#   im_refused   not empty, if there is one that cannot be handed over exactly, or that is not known to be harmless
#   im_seen      the goals, each behind a blank
#   im_named     the variables that are set, each behind a blank: make exports them
#   im_makefile  the makefile that -f names
# Then call $1 with the arguments that the inner make is given: all but -C, since this make is there already.
im_read_arguments() {
  im_then=$1
  im_refused='' im_seen='' im_named='' im_makefile='' im_value=''
  im_left=$(($# - 1))
  shift
  [ "$im_left" -le 200 ] || im_refused=many
  while [ "$im_left" -gt 0 ] && [ -z "$im_refused" ]; do
    im_word=$1
    im_left=$((im_left - 1))
    shift
    case $im_value in
    folder) im_value='' && continue ;;
    makefile) im_value='' && im_reads "$im_word" ;;
    any) im_value='' ;;
    number)
      im_value=''
      case $im_word in
      [0-9.]*) case $im_word in *[!0-9.]*) im_refused=$im_word ;; esac ;;
      *) im_read_word ;;
      esac
      ;;
    *) im_read_word ;;
    esac
    [ -n "$im_dropped" ] || set -- "$@" "$im_word"
    im_dropped=''
  done
  case $im_value in '' | number) ;; *) im_refused=incomplete ;; esac
  "$im_then" "$@"
}
im_dropped=''

im_read_word() {
  case $im_word in
  '' | *"$im_tab"*) im_refused=unreadable ;;
  # The inner make would print the directory once more, and not know -w if it was not told.
  -C) im_dropped=yes im_value=folder ;;
  --directory) im_dropped=yes im_value=folder ;;
  -C?* | --directory=?*) im_dropped=yes ;;
  -f | --file | --makefile) im_value=makefile ;;
  -f?*) im_reads "${im_word#-f}" ;;
  --file=* | --makefile=*) im_reads "${im_word#*=}" ;;
  -I | --include-dir) im_value=any ;;
  -I?* | --include-dir=?*) ;;
  -j | --jobs | -l | --load-average | --max-load) im_value=number ;;
  --jobs=* | --load-average=* | --max-load=*) im_is_number "${im_word#*=}" ;;
  -l*) im_is_number "${im_word#-l}" ;;
  -O | -Onone | -Oline | -Otarget | --output-sync | --output-sync=none | --output-sync=line | --output-sync=target) ;;
  --jobserver-style=*) ;;
  --always-make | --check-symlink-times | --environment-overrides | --keep-going | --no-builtin-rules) ;;
  --no-builtin-variables | --no-keep-going | --no-print-directory | --quiet | --silent | --no-silent | --stop) ;;
  --warn-undefined-variables) ;;
  --* | -) im_refused=$im_word ;;
  -*j*) # letters, then -j and its number
    im_letters=${im_word%%j*}
    case $im_letters in -*[!BLRSbekmrs]*) im_refused=$im_word ;; esac
    case $im_word in
    *j) im_value=number ;;
    *) im_is_number "${im_word#"$im_letters"j}" ;;
    esac
    ;;
  -*[!BLRSbekmrs]*) im_refused=$im_word ;;
  -*) ;;
  *=*) im_read_variable "${im_word%%=*}" "${im_word#*=}" ;;
  *' '*) im_refused=$im_word ;;
  *) im_seen="$im_seen $im_word" ;;
  esac
}

im_is_number() {
  case $1 in '' | *[!0-9.]*) im_refused=$im_word ;; esac
}

# The makefile $1 is read once more: it must be there still, and be the only one.
im_reads() {
  [ -z "$im_makefile" ] && [ -f "$1" ] || im_refused=$1
  im_makefile=$1
}

# The variable $1 is set to $2. The outer make would do what a value does when it is expanded once more than make does by
# itself; and it exports the variable to the hand-over, which could not tell it from one of yours.
im_read_variable() {
  im_name=${1%%[:+?! ]*}
  case $1 in *!*) im_refused=$im_word ;; esac
  case $im_name in
  '' | .* | *[!A-Za-z0-9_.-]*) im_refused=$im_word ;;
  im_* | MAKE* | MFLAGS | GNUMAKEFLAGS | INSTRUMENTED | SHELL* | BASH* | LD_* | DYLD_* | LC_* | LANG* | ENV | IFS) im_refused=$im_word ;;
  PATH | HOME | PWD | OLDPWD | SHLVL | _ | PS4 | POSIXLY_CORRECT | PPID | ZDOTDIR | CDPATH | DEVSTACK_METRICS_TESTING | EPOCHREALTIME) im_refused=$im_word ;;
  [0-9]* | *[.-]*) ;; # make exports no such name
  *) im_named="$im_named $im_name" ;;
  esac
  case $2 in
  *'$'*)
    [ "${#2}" -le 1000 ] || im_refused=long
    im_rest=$2
    while [ -z "$im_refused" ]; do
      case $im_rest in
      *'$'*) im_rest=${im_rest#*'$'} ;;
      *) break ;;
      esac
      case $im_rest in
      '$'*) im_rest=${im_rest#'$'} ;;
      '('[A-Za-z_]*')'*) case ${im_rest%%')'*} in '('*[!A-Za-z0-9_]*) im_refused=$im_word ;; esac ;;
      *) im_refused=$im_word ;;
      esac
    done
    ;;
  esac
}

# Print the process id of make, "typed" and its goals if its command line can be handed over exactly; or "restored", if
# variables that make has changed must be put back as well. The arguments are those of im_look.
im_look_closely() {
  im_level=$3
  im_is_this_make "$1" || return
  if im_is_nested "$2" "$3"; then return; fi
  set -f
  IFS=$im_newline
  im_text=$(im_arguments)
  case $im_text in *"$im_newline$im_newline"*) return ;; esac # an empty argument
  # shellcheck disable=SC2086  # one argument a line
  set -- $im_text
  im_environ=$(im_environment)
  IFS=" $im_tab"
  shift
  # all but "end"
  im_left=$#
  while [ "$im_left" -gt 1 ]; do
    set -- "$@" "$1"
    shift
    im_left=$((im_left - 1))
  done
  shift
  im_read_arguments im_tell "$@"
}

im_tell() {
  [ -z "$im_refused" ] || return
  im_how=typed
  im_goals=$im_seen
  for im_name in $im_named; do
    if im_has "$im_name"; then return; fi
  done
  for im_variable in MAKEFLAGS MFLAGS GNUMAKEFLAGS MAKELEVEL MAKEOVERRIDES; do
    im_has "$im_variable" || continue
    im_how=restored
    im_set=$(im_value_of "$im_variable")
    # A MAKEFLAGS that you have set: options, by the same rule.
    case $im_variable in MAKELEVEL | MFLAGS | MAKEOVERRIDES) continue ;; esac
    case $im_set in *[\\\$=]*) return ;; esac
    # shellcheck disable=SC2086  # one option a word
    set -- $im_set
    case ${1--} in -*) ;; *) im_first=-$1 && shift && set -- "$im_first" "$@" ;; esac
    im_read_arguments : "$@"
    [ -z "$im_refused$im_seen$im_named$im_makefile" ] || return
  done
  printf '%s\n' "$PPID $im_how$im_goals"
}

# Whether the environment that make was started with has the variable $1. Where it cannot be seen: whether this shell's
# has, which before make 4.4 is the same; from then on nothing can be known.
im_has() {
  if [ -n "$im_environ" ]; then
    case $im_newline$im_environ in *"$im_newline$1="*) return 0 ;; *) return 1 ;; esac
  fi
  [ ! -e /proc/self/environ ] || return 1 # it is empty
  [ "$im_level" != unknown ] || eval "[ -n \"\${$1+set}\" ]"
}

# Print the value that the variable $1 has in the environment that make was started with.
im_value_of() {
  im_rest=${im_environ#"$1="}
  [ "$im_rest" != "$im_environ" ] || im_rest=${im_environ#*"$im_newline$1="}
  printf '%s' "${im_rest%%"$im_newline"*}"
}

[ "$im_part" != typed ] || return 0

# ---------------------------------------------------------------------------------------------------------------------
# 4. The invitation, and the commands
# ---------------------------------------------------------------------------------------------------------------------

# Whether the home in which the folder $1 of a decision lies, or would be made, is there and yours: nothing is made in one
# that is missing or somebody else's.
im_is_at_home() {
  im_base=${1%/*}
  for im_folder in "$1" "$im_base" "${im_base%/*}"; do
    [ ! -d "$im_folder" ] || break
  done
  [ -d "$im_folder" ] && [ -O "$im_folder" ]
}

# Say once a day, on a terminal (descriptor 3), how to decide; $1 is the folder of the decision, $2 the project, $3 the
# prefix of the commands. Nothing is made in a home that is missing or somebody else's: there nobody is invited.
im_invite() {
  [ -t 3 ] || return
  im_is_at_home "$1" || return
  umask 077
  # The system that this one replaces kept a no like this.
  [ ! -f "$1/metrics.json" ] || while IFS= read -r im_line; do
    case $im_line in *'"decision": false'* | *'"decision":false'*) : >"$1/declined" && return ;; esac
  done <"$1/metrics.json"
  mkdir -p "$1" || return
  [ -z "$(find "$1/invited" -mtime -1)" ] || return
  rm -f "$1/invited" && : >"$1/invited" || return
  echo "$2: share how long your make commands take? 'make $3-opt-in' shows what and asks; 'make $3-opt-out' ends this." >&3
}

# Run the reporter's command with the interpreter that has it: that of the active environment, of this folder's, the one
# used last, that of the command instrumented-make, or the first on PATH. $1 is the folder of the decision, $2 the version
# of the include, $3 its prefix, $4 which of PATH and what pip heeds the makefile has set, $5 the command. Once you have
# opted in, the one of then comes first: nothing of this folder is asked any more.
im_ask() {
  im_config=$1 im_version=$2 im_prefix=$3 im_set_here=$4
  shift 4
  # What ends the agreement needs no Python.
  [ "$1" != opt-out ] || [ -z "$im_config" ] || im_end_agreement
  im_environment=$im_config/environment-$im_version
  im_read_line "$im_config/interpreter" 2>/dev/null
  im_used=$im_line
  im_first=''
  if [ "$1" != opt-in ]; then
    im_first=$im_used im_used=''
  else
    # One that was set up for another version is to be replaced.
    case $im_used in "$im_config"/environment-*) im_used='' ;; esac
  fi
  im_tool=''
  { read -r im_tool im_skip <"$(command -v instrumented-make)"; } 2>/dev/null
  for im_python in "$im_first" "${VIRTUAL_ENV:+$VIRTUAL_ENV/bin/python}" "$PWD/.venv/bin/python" "$im_environment/bin/python" "$im_used" "${im_tool#??}" python3 python; do
    if [ -n "$im_python" ] && im_starts 'import instrumented_make.reporter'; then
      exec "$im_python" -I -m instrumented_make.reporter "$@" --config-dir "$im_config"
    fi
  done
  case $1 in
  opt-out) [ -z "$im_config" ] || im_opt_out ;;
  opt-in) im_set_up "$@" ;;
  esac
  echo "No Python here has instrumented-make. To set it up: make $im_prefix-opt-in" >&2
  exit 1
}

# Offer to set up the reporter of the include's version in an environment of its own, and go on with the command $@ there.
# Nothing of this folder has a say in it: Python is told to heed only your own settings, and is started elsewhere.
im_set_up() {
  case $im_set_here in
  PATH*) PATH=/usr/local/bin:/opt/homebrew/bin:/usr/bin:/bin:/run/current-system/sw/bin ;;
  esac
  im_offered=''
  for im_name in python3 python; do
    im_python=$(command -v "$im_name")
    case $im_python in /*) ;; *) continue ;; esac
    if im_starts 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))'; then
      im_offered=yes
      break
    fi
  done
  [ -n "$im_config" ] && im_is_at_home "$im_config" 2>/dev/null || im_offered=''
  im_made=$(im_quoted "$im_environment")
  im_steps="  $(im_quoted "${im_offered:+$im_python}") -I -m venv $im_made
  $im_made/bin/python -I -m pip install --only-binary :all: instrumented-make==$im_version"
  # The makefile would decide where pip installs from.
  case $im_set_here in '' | PATH) ;; *) im_offered='' ;; esac
  if [ -z "$im_offered" ] || [ ! -t 0 ]; then
    im_say_by_hand 'No Python here has instrumented-make.'
  fi
  # Under make -O the output is held back to the end.
  [ -t 2 ] || exec 2>/dev/tty
  cat >&2 <<EOF
No Python here has instrumented-make. These two commands set it up, in an environment of its own:

$im_steps

pip takes it from wherever your own settings say. This is not consent: you are asked about that next.
EOF
  printf %s "Type 'yes' or 'y' to run them: " >&2
  read -r im_answer
  case $im_answer in
  yes | y) ;;
  *) echo 'Nothing was set up.' >&2 && exit ;;
  esac
  (umask 077 && mkdir -p "$im_config") && cd "$im_config" || exit 1
  if "$im_python" -I -m venv "$im_environment" >&2 &&
    "$im_environment/bin/python" -I -m pip install --only-binary :all: "instrumented-make==$im_version" >&2; then
    echo >&2
    exec "$im_environment/bin/python" -I -m instrumented_make.reporter "$@" --config-dir "$im_config"
  fi
  rm -rf "$im_environment"
  im_say_by_hand 'It could not be set up.'
}

im_say_by_hand() {
  cat >&2 <<EOF
$1 To set it up by hand, with Python 3.10 or newer:

$im_steps

and then again: make $im_prefix-opt-in
EOF
  exit 1
}

# Print $1 as one word of a shell's; an empty one stands for a Python that you choose.
im_quoted() {
  case $1 in
  '') printf %s python3 ;;
  *[!A-Za-z0-9_./-]*) printf "'%s'" "$1" ;;
  *) printf %s "$1" ;;
  esac
}

# Whether the program im_python runs the Python text $1 without an error. One that hangs is ended after some seconds.
im_starts() {
  command -v "$im_python" || return
  "$im_python" -I -c "$1" </dev/null &
  im_child=$!
  (
    # shellcheck disable=SC2031  # all of it is in this subshell
    trap 'kill "$im_sleep"; exit' TERM
    sleep 5 &
    im_sleep=$!
    wait "$im_sleep" && kill -s KILL "$im_child"
  ) </dev/null &
  im_timer=$!
  wait "$im_child"
  im_status=$?
  kill "$im_timer"
  return "$im_status"
} >/dev/null 2>&1

# Remove the files $@, as far as they are there, and say which cannot be removed. A link may lead to anything, so what it
# leads to is only named.
im_remove() {
  for im_path in "$@"; do
    im_linked=''
    if [ -L "$im_path" ]; then
      [ ! -f "$im_path" ] || im_linked=yes
    elif [ ! -e "$im_path" ]; then
      continue
    fi
    rm -f "$im_path" 2>/dev/null || im_left "$im_path: it cannot be deleted: delete it yourself."
    [ -z "$im_linked" ] || im_left "$im_path: only this link has been deleted: delete yourself what it led to."
  done
}

# Say what is left, and remember that something is.
im_left() {
  im_failed=yes
  printf '%s\n' "$1" >&2
}

# Take away what tells make, and a reporter, that somebody has agreed. What that does not work for is told by what follows.
im_end_agreement() {
  im_search=$PATH
  PATH=/usr/bin:/bin:/run/current-system/sw/bin
  im_remove "$im_config"/agreed.* 2>/dev/null
  [ -L "$im_config/metrics.json" ] || im_remove "$im_config/metrics.json" 2>/dev/null
  PATH=$im_search
}

# Opt out where no Python has the reporter: end one at work, delete what was collected, and keep the decline.
im_opt_out() {
  umask 077
  PATH=/usr/bin:/bin:/run/current-system/sw/bin
  im_failed=''
  im_end_workers
  for im_folder in "$im_config" "$im_config/pending"; do
    [ ! -e "$im_folder" ] || ls "$im_folder" >/dev/null 2>&1 ||
      im_left "$im_folder: what is in it cannot be seen, so nothing in it was deleted: delete it yourself."
  done
  # Thousands of runs may wait: many at once, and one by one only what that leaves.
  (cd "$im_config/pending" && for im_path in start end failed; do printf '%s\n' *."$im_path" | xargs rm -f; done) 2>/dev/null
  im_remove "$im_config"/agreed.* "$im_config/metrics.json" "$im_config"/outbox.sqlite3* "$im_config"/.outbox.sqlite3* \
    "$im_config"/.metrics.json.* "$im_config"/.agreed.* "$im_config"/pending/*.start "$im_config"/pending/*.end "$im_config"/pending/*.failed "$im_config/interpreter" "$im_config/launcher" \
    "$im_config/reporting" "$im_config/running" "$im_config/left-to-the-next"
  [ -n "$im_failed" ] || echo 'Nothing will be measured. The anonymous id and all events on this machine have been deleted.'
  for im_path in "$im_config"/environment-*; do
    [ ! -d "$im_path" ] || echo "The reporter is still installed. To delete it: rm -r $(im_quoted "$im_path")"
  done
  im_keep_decline || im_left 'Your no cannot be kept here: you may be reminded again.'
  [ -z "$im_failed" ] || exit 1
  exit
}

im_keep_decline() {
  im_is_at_home "$im_config" && mkdir -p "$im_config" && rm -f "$im_config/declined" || return
  {
    printf '{"consent": {"decision": "decline", "timestamp": "%s"}}\n' "$(date -u +%Y-%m-%dT%H:%M:%S+00:00)" >"$im_config/metrics.json" &&
      true >"$im_config/declined"
  } 2>/dev/null
}

# End whoever of this system reads, writes or sends what was collected: its name is in the file of the lock that it holds.
im_end_workers() {
  im_find_launcher "$im_config" 2>/dev/null
  for im_path in "$im_config"/*.lock; do
    im_read_line "$im_path"
    im_child=${im_line#"$im_system "}
    case $im_child in [!1-9]* | *[!0-9]* | '') continue ;; esac
    # Another process may have that number by now.
    case $(tr '\0' ' ' <"/proc/$im_child/cmdline") in
    *' -m instrumented_make.reporter '*) kill -s KILL "$im_child" ;;
    esac 2>/dev/null
  done
}
