# instrumented-make 0.4.1: the hand-over. Rendered by "instrumented-make render"; do not edit.
# Sourced by the recipes of .instrumented/engine.mk with /bin/sh, whatever shell that is: so it is POSIX, and it avoids
# starting processes. All names begin with im_: you might export any other name, and your command would see it changed.
# im_part says how much of this file is needed; the rest is not read, because reading it takes a shell a while. What is
# needed after the command is read before it, because the command may change this file.

im_newline='
'
im_tab='	'

# ---------------------------------------------------------------------------------------------------------------------
# 1. A look at the command line
# ---------------------------------------------------------------------------------------------------------------------

# Whether make, as its makefiles know it ($1), is the program that is running, so that it can be started again.
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

# Whether this make was started by a command that is being recorded: then a shell that waits for one, listed in the
# file $1, is an ancestor. $2 is "unknown" before make 4.4, where $(shell make) does not know its own level.
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
    im_line=${im_line##*') '} # after the name, which may contain anything
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

# Print the process id of make and its command line, with the arguments joined; $1 is its name as its makefiles know it,
# $2 the file that lists the runs being recorded, $3 whether make knows its level. Most shells drop the NULs between
# arguments; others stop at the first or replace them with blanks, and then the output is not what the engine expects of
# a plain command line.
im_look() {
  # Before make 4.4, these are set only if you set them; then they need a closer look.
  [ -z "${MAKEFLAGS-}${GNUMAKEFLAGS-}" ] || return
  [ -n "${MAKEFLAGS+set}" ] || [ -z "${MAKELEVEL+set}${MFLAGS+set}${MAKEOVERRIDES+set}" ] || return
  im_is_this_make "$1" || return
  if im_is_nested "$2" "$3"; then return; fi
  # A line that ends before the file ends is not all of it.
  if IFS= read -r im_line <"/proc/$PPID/cmdline"; then return; fi
  [ "${#im_line}" -le 4000 ] || return
  printf '%s\n' "$PPID $im_line"
}

[ "$im_part" != look ] || return 0

# ---------------------------------------------------------------------------------------------------------------------
# 2. The hand-over
# ---------------------------------------------------------------------------------------------------------------------

# Run the command in its own make, and record how it went. $1 is what im_look found, $2 the digest of what is collected,
# $3 "mark" if a failure is reported by a marker file rather than by the status, $4 whether make knows its level, $5 the
# makefile unless -f named it.
im_hand_over() {
  im_how=$1 im_digest=$2 im_marks=$3 im_level=$4 im_file=${5-}
  im_signal='' im_woken='' im_child='' im_status='' im_reset='' im_run=''
  im_program=$im_make im_home=$im_config im_names=$im_command
  im_catch_signals
  {
    im_find_launcher
    im_read_git
    [ "$im_level" = known ] || im_name_running
    im_up=-
    read -r im_up im_skip </proc/uptime
    im_time=${EPOCHREALTIME:--}
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
  # ksh93 and yash count from other numbers. SIGQUIT was sent to make alone if make exits with 1: else, only -q does that.
  case $im_status in
  1) [ -n "$im_signal" ] || im_status=131 ;;
  25[7-9] | 2[6-9]? | 3[0-7]? | 38[0-4]) im_status=$((im_status - 128)) ;;
  38[5-9] | 39? | [4-9]??) im_status=$((im_status - 256)) ;;
  esac
  im_record_end
  im_start_reporter
  im_end
}

# A signal that was ignored when make started stays ignored, for the command too: a shell then sets no trap. zsh does.
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
  # Make forwards this one to what it runs, and so does this shell; the others reach every process from the terminal.
  trap 'im_signal=15 im_woken=yes; im_pass_on' TERM
  # If files may not grow (ulimit -f), only the record is lost.
  { command trap : XFSZ; } 2>/dev/null
}

# Forward TERM to the command, unless it was sent to the whole process group: make cleans up when it gets it, and a
# second one would stop that. In that case the first is still pending, or is being handled: blocked, no longer caught.
# (While make starts a process, it is blocked too, but caught.) TERM is the bit 4 of the fourth digit.
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

# Write a blank <name>.end, so that a full disk cannot lose the end, and then <name>.start. The command is already
# running: creating two files may take as long as starting it.
im_record_start() {
  [ -O "$im_home" ] || return
  im_read_line "$im_home/agreed.$im_digest"
  im_agreed=$im_line
  [ -d "$im_home/pending" ] || mkdir "$im_home/pending"
  case ${DEVSTACK_METRICS_TESTING-} in *"$im_newline"*) im_testing='?' ;; *) im_testing=${DEVSTACK_METRICS_TESTING-} ;; esac
  # Never overwrite a file. The uptime is the host's, because containers may have the same process ids.
  set -C
  im_try=0
  while [ -z "$im_run" ] && [ "$im_try" -lt 9 ]; do
    im_run=$im_home/pending/${im_up%%.*}${im_up##*.}-$$-$im_try
    im_try=$((im_try + 1))
    {
      printf '%63s\n' '' >"$im_run.end" &&
        printf '%s\n' 2 "$im_names" "$im_time $im_up $im_system" "$im_top" "$im_ref" "$im_commit" \
          "$im_testing" "$im_digest $im_agreed" end >"$im_run.start"
    } || im_run=''
  done
  set +C
}

# List in the file "running" the shells that wait for a command: this one, and those already listed that still exist.
# The new line overwrites the old one, because truncating a file takes longer than all the rest of this.
im_name_running() {
  im_others=''
  im_read_line "$im_home/running"
  for im_other in $im_line; do
    [ ! -e "/proc/$im_other" ] || im_others="$im_others $im_other"
  done
  [ -O "$im_home" ] || return 0
  [ -e "$im_home/running" ] || { im_read_the_rest && im_privately im_make_running; }
  printf '%-63s\n' "$$$im_others" 1<>"$im_home/running"
}

# Find what is checked out, from two small files: read only if they are regular files, yours, and below your home.
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

# Put the first line of the file $1 into im_line; nothing if it is not a file of yours.
im_read_line() {
  im_line=''
  [ -f "$1" ] && [ -O "$1" ] || return 0
  IFS= read -r im_line <"$1" || im_line=''
}

# Undo what make has changed: its job server, and its variables in the environment.
im_put_back() {
  # With -e, only MFLAGS names the job server.
  case "${MAKEFLAGS-} ${MFLAGS-}" in *--jobserver-*=[0-9],[0-9]*) im_read_the_rest && im_close_job_server ;; esac
  if [ "$im_how" = restored ]; then im_restore; else unset MAKELEVEL MAKEFLAGS MFLAGS MAKEOVERRIDES; fi
  unset MAKE_TERMOUT MAKE_TERMERR im_make im_goals im_command im_config im_foreign
}

# Read sections 3 and 4 too.
im_read_the_rest() {
  im_part=typed
  . ./.instrumented/hand-over.sh
}

# Put the name of this system into im_system, and the launcher found on it into im_launcher: env, perl or nothing.
im_find_launcher() {
  im_launcher='' im_boot='' im_mount=''
  read -r im_boot </proc/sys/kernel/random/boot_id
  read -r im_mount im_skip </proc/self/mountinfo
  im_system=${im_boot%%-*}:$im_mount
  [ -f "$im_home/launcher" ] || return 0
  while read -r im_key im_path; do
    [ "$im_key" != "$im_system" ] || im_launcher=$im_path
  done <"$im_home/launcher"
  [ -x "$im_launcher" ] || im_launcher=''
}

# Run make with the arguments $@, and wait for it to end. The shell uses "wait", the only place where it handles a
# signal at once. A command in the background ignores INT and QUIT and has no standard input: a launcher and a copy
# of the standard input undo that.
im_run_command() {
  [ -n "$im_makefile" ] || set -- -f "$im_file" "$@"
  set -- "$im_program" -f .instrumented/engine.mk "$@"
  # What shells change in the environment of a command, and what make exports from the command line.
  im_gone=$im_named
  for im_name in PWD OLDPWD SHLVL LOGNAME _; do
    if eval "[ -n \"\${im_env_$im_name+set}\" ]"; then
      eval "set -- \"$im_name=\$im_env_$im_name\" \"\$@\"; unset im_env_$im_name"
    else
      im_gone="$im_gone $im_name"
    fi
  done
  # And what shells drop.
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
    im_read_the_rest
    im_prepare_otherwise "$@"
    return
    ;;
  esac
  im_start_and_wait "$@"
}

# Start the program $@ as the command, and wait for it to end.
im_start_and_wait() {
  if [ -n "$im_signal" ]; then
    exec 8>&2 2>/dev/null
    umask 077
    im_record_start
    return
  fi
  # Find an unused descriptor. (After "command exec", bash 3.2 never exits.)
  im_free=''
  for im_number in 7 8 9; do
    eval "true >&$im_number" || im_free=$im_number
  done 2>/dev/null
  if [ -z "$im_launcher" ] || [ -z "$im_free" ]; then
    im_read_the_rest
    im_privately im_record_start 2>/dev/null
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
    # Make already reports a command that was ended by a signal, so the shell must not.
    exec 8>&2 2>/dev/null
    # A failed fork ends some shells, but not before the command.
    trap 'wait "$im_child"; exit "$?"' EXIT
    umask 077
    im_record_start
    while :; do
      im_woken=''
      wait "$im_child"
      im_last=$?
      [ "$im_last" -eq 127 ] && [ -n "$im_status" ] || im_status=$im_last
      [ -n "$im_woken" ] || break
    done
  fi
}

# Write the end over the blanks that reserve its space.
im_record_end() {
  [ -z "$im_signal" ] || im_status=$((128 + im_signal))
  im_up=-
  read -r im_up im_skip </proc/uptime
  [ -n "$im_run" ] || return 0
  printf '%s %s %s\n' "$im_status" "${EPOCHREALTIME:--}" "$im_up" 1<>"$im_run.end" || im_run=''
}

# Start the reporter in the background. Close every descriptor of this make before the fork, so that none is held open
# any longer. A POSIX shell cannot close a descriptor above 9: perl can, and the shell waits for it; without perl, the
# next run starts the reporter.
im_start_reporter() {
  # A failed fork ends some shells. The command's status must not change.
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

# Whether a reporter is at work on this system: it looks for runs once more after it has removed its name.
im_is_reported() {
  [ -z "${DEVSTACK_METRICS_TESTING-}" ] || return 1
  im_read_line "$im_home/reporting"
  [ "${im_line% *}" = "$im_system" ] && [ "/proc/${im_line#* }/exe" -ef "$im_python" ]
}

# End as the command did. Make decides what to do with the status. If a signal sent to the inner make alone ended it,
# send it to the outer make too, which then ends as bare make would have. If a marker file reports failures, the outer
# make prints nothing about a signal that ends it: it has received that signal already.
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

# Wait for about 0.03 seconds: make gets confused if the process it waits for ends at the same moment as a signal comes.
im_wait_a_moment() {
  for im_number in 1 2 3; do
    im_now=$im_up
    while [ "$im_now" = "$im_up" ]; do
      read -r im_now im_skip </proc/uptime || return 0
    done
    im_up=$im_now
  done
}

[ "$im_part" != plain ] || return 0

# ---------------------------------------------------------------------------------------------------------------------
# 3. What a hand-over needs now and then
# ---------------------------------------------------------------------------------------------------------------------

im_make_running() {
  true >"$im_home/running"
}

# Call $1, whose files are private, before the command starts, which keeps your umask.
im_privately() {
  im_umask=''
  { read -r im_skip && read -r im_skip im_umask; } </proc/self/status
  case $im_umask in 0[0-7][0-7][0-7]) ;; *) im_umask=$(umask) ;; esac
  umask 077
  "$1"
  umask "$im_umask"
}

# Close the outer make's job server, which the inner make must not use. Apple's make also leaves a copy of its pipe open.
im_close_job_server() {
  im_rest="${MAKEFLAGS-} ${MFLAGS-}"
  im_rest=${im_rest#*--jobserver-*=}
  im_pipe=${im_rest%"${im_rest#?}"}
  for im_number in 3 4 5 6 7 8 9; do
    [ "$im_number" = "$im_pipe" ] || [ ! "/dev/fd/$im_number" -ef "/dev/fd/$im_pipe" ] || eval "exec $im_number<&-"
  done
  im_rest=${im_rest#?,}
  eval "exec $im_pipe<&- ${im_rest%"${im_rest#?}"}<&-"
}

# Give the variables that make has changed the values that they had when make was started.
im_restore() {
  im_environ=$(im_environment)
  for im_name in MAKEFLAGS MFLAGS GNUMAKEFLAGS MAKELEVEL MAKEOVERRIDES; do
    if im_has "$im_name"; then
      eval "$im_name=\$(im_value_of $im_name); export $im_name"
    else
      unset "$im_name"
    fi
  done
}

# Remove the marker file $1.
im_unmark() {
  PATH=/usr/bin:/bin
  rm -f "$1"
}

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
      [!/]*=*) ;; # no shell can do this
      *) break ;;
      esac
      shift
    done
    ;;
  esac
  im_start_and_wait "$@"
}

# ---------------------------------------------------------------------------------------------------------------------
# 4. The rule: may this command line be handed over? Only if the inner make can get exactly the same one.
# ---------------------------------------------------------------------------------------------------------------------

# Call $1 with the arguments that were typed, except -C.
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

# Print the arguments of make, one per line, its name first, then "end". A newline in an argument becomes a tab.
# Without /proc, arguments with blanks are split.
im_arguments() {
  # Run nothing from a relative entry in your PATH.
  PATH=/usr/bin:/bin:/run/current-system/sw/bin
  if [ -e "/proc/$PPID/cmdline" ]; then
    tr '\0\n' '\n\t' <"/proc/$PPID/cmdline"
  else
    ps -ww -o args= -p "$PPID" | tr ' ' '\n'
  fi
  echo end
}

# Print make's own environment in the same way; without /proc, nothing.
im_environment() {
  PATH=/usr/bin:/bin:/run/current-system/sw/bin
  [ ! -e "/proc/$PPID/environ" ] || tr '\0\n' '\n\t' <"/proc/$PPID/environ"
}

# The rule. Read the arguments after $1 as make does, and set
#   im_refused   not empty if there is one that cannot be handed over exactly, or that is not known to be harmless
#   im_seen      the goals, each after a blank
#   im_named     the variables that are set, each after a blank: make exports them
#   im_makefile  the makefile that -f names
# Then call $1 with the arguments for the inner make: all but -C, since this make is already in that folder.
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
im_dropped='' im_is_make_4_0=''

im_read_word() {
  case $im_word in
  '' | *"$im_tab"*) im_refused=unreadable ;;
  # The inner make would print the directory again, and would not know of -w unless told.
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
  -O | -Onone | -Oline | -Otarget | --output-sync | --output-sync=none | --output-sync=line | --output-sync=target)
    # With these, make 4.0 crashes on the $(error) that reports a failure.
    [ -z "$im_is_make_4_0" ] || im_refused=$im_word
    ;;
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

# The makefile $1 is read again: it must still exist, and be the only one.
im_reads() {
  [ -z "$im_makefile" ] && [ -f "$1" ] || im_refused=$1
  im_makefile=$1
}

# The variable $1 is set to $2. The outer make would expand the value once more than make alone does, and so repeat its
# side effects. It also exports the variable to the hand-over, which could not tell it from one of yours.
im_read_variable() {
  im_name=${1%%[:+?! ]*}
  case $1 in *!*) im_refused=$im_word ;; esac
  case $im_name in
  '' | .* | *[!A-Za-z0-9_.-]*) im_refused=$im_word ;;
  im_* | MAKE* | MFLAGS | GNUMAKEFLAGS | INSTRUMENTED | SHELL* | BASH* | LD_* | DYLD_* | LC_* | LANG* | ENV | IFS) im_refused=$im_word ;;
  PATH | HOME | PWD | OLDPWD | SHLVL | _ | PS4 | POSIXLY_CORRECT | PPID | ZDOTDIR | CDPATH | DEVSTACK_METRICS_TESTING | EPOCHREALTIME) im_refused=$im_word ;;
  [0-9]* | *[.-]*) ;; # make does not export such names
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

# Print the process id of make, "typed" and its goals if its command line can be handed over exactly; or "restored" if
# variables that make has changed must be restored too. It takes the same arguments as im_look, and a fourth for make 4.0.
im_look_closely() {
  im_level=$3 im_is_make_4_0=${4-}
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
    # A MAKEFLAGS that you set yourself: its options follow the same rule.
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

# Whether the environment that make was started with has the variable $1. If that cannot be read: whether this shell's
# environment has it, which is the same before make 4.4; since 4.4, it is unknown.
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
# 5. The invitation, and the commands
# ---------------------------------------------------------------------------------------------------------------------

# Whether the home that holds, or would hold, the decision's folder $1 exists and is yours: nothing is created in a home
# that is missing or belongs to somebody else.
im_is_at_home() {
  im_base=${1%/*}
  for im_folder in "$1" "$im_base" "${im_base%/*}"; do
    [ ! -d "$im_folder" ] || break
  done
  [ -d "$im_folder" ] && [ -O "$im_folder" ]
}

# Print once a day, on a terminal (descriptor 3), how to decide; $1 is the decision's folder, $2 the project, $3 the
# prefix of the commands. If the home is missing or belongs to somebody else, nothing is created and nobody is invited.
im_invite() {
  [ -t 3 ] || return
  im_is_at_home "$1" || return
  umask 077
  # The system that this one replaces stored a no like this.
  [ ! -f "$1/metrics.json" ] || while IFS= read -r im_line; do
    case $im_line in *'"decision": false'* | *'"decision":false'*) : >"$1/declined" && return ;; esac
  done <"$1/metrics.json"
  mkdir -p "$1" || return
  [ -z "$(find "$1/invited" -mtime -1)" ] || return
  rm -f "$1/invited" && : >"$1/invited" || return
  echo "$2: share how long your make commands take? 'make $3-opt-in' shows what and asks; 'make $3-opt-out' ends this." >&3
}

# Run the reporter's command with an interpreter that has it: that of the active environment, of this folder's, the one
# used last, that of the command instrumented-make, or the first on PATH. $1 is the decision's folder, $2 the version of
# the include, $3 its prefix, $4 which of PATH and pip's settings the makefile has set, $5 the command. Once you have
# opted in, the interpreter used then comes first, so nothing in this folder is tried before it.
im_ask() {
  im_config=$1 im_version=$2 im_prefix=$3 im_set_here=$4
  shift 4
  # Ending the agreement needs no Python.
  [ "$1" != opt-out ] || [ -z "$im_config" ] || im_end_agreement
  im_environment=$im_config/environment-$im_version
  im_read_line "$im_config/interpreter" 2>/dev/null
  im_used=$im_line
  im_first=''
  if [ "$1" != opt-in ]; then
    im_first=$im_used im_used=''
  else
    # An environment that was set up for another version must be replaced.
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

# Offer to set up the reporter of the include's version in its own environment, and continue with the command $@ there.
# Nothing in this folder can influence it: Python uses only your own settings, and is started in another folder.
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
  # Otherwise the makefile would decide where pip installs from.
  case $im_set_here in '' | PATH) ;; *) im_offered='' ;; esac
  if [ -z "$im_offered" ] || [ ! -t 0 ]; then
    im_say_by_hand 'No Python here has instrumented-make.'
  fi
  # With make -O, output is held back until the end.
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

# Print $1 quoted as one shell word; if it is empty, print python3, to stand for a Python that you choose.
im_quoted() {
  case $1 in
  '') printf %s python3 ;;
  *[!A-Za-z0-9_./-]*) printf "'%s'" "$1" ;;
  *) printf %s "$1" ;;
  esac
}

# Whether the program im_python runs the Python code $1 without an error. If it hangs, it is killed after some seconds.
im_starts() {
  command -v "$im_python" || return
  "$im_python" -I -c "$1" </dev/null &
  im_child=$!
  (
    # shellcheck disable=SC2031  # all of its uses are in this subshell
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

# Remove those of the files $@ that exist, and report which cannot be removed. A link may point to anything, so only the
# link is removed, and its path is reported.
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

# Report what is left, and remember that something is.
im_left() {
  im_failed=yes
  printf '%s\n' "$1" >&2
}

# Remove the files that tell make and a reporter that you agreed. A later step reports those that cannot be removed.
im_end_agreement() {
  im_search=$PATH
  PATH=/usr/bin:/bin:/run/current-system/sw/bin
  im_remove "$im_config"/agreed.* 2>/dev/null
  [ -L "$im_config/metrics.json" ] || im_remove "$im_config/metrics.json" 2>/dev/null
  PATH=$im_search
}

# Opt out if no Python has the reporter: end a running one, delete what was collected, and store the decline.
im_opt_out() {
  umask 077
  PATH=/usr/bin:/bin:/run/current-system/sw/bin
  im_failed=''
  im_end_workers
  for im_folder in "$im_config" "$im_config/pending"; do
    [ ! -e "$im_folder" ] || ls "$im_folder" >/dev/null 2>&1 ||
      im_left "$im_folder: what is in it cannot be seen, so nothing in it was deleted: delete it yourself."
  done
  # Thousands of runs may wait: delete many at once, and one by one only what is left.
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

# Kill processes on this system that read, write or send what was collected: the lock file that each holds names it.
im_end_workers() {
  im_home=$im_config
  im_find_launcher 2>/dev/null
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
