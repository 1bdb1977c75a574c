# shellcheck shell=bash
# bash completion for terok-clearance, terok-clearance-hub, terok-gate and
# terok-supervisor, installed under each of these names.
#
# Subcommands and options are those of --help, which is asked: they can never be
# others. Only what an argument may be is known here, by the word that --help
# has for it.

# Prints what `$1 [$2] --help` says.
_terok_help() {
  local -a words=("${1/#\~\//$HOME/}")
  [[ -z "$2" ]] || words+=("$2")
  LC_ALL=C "${words[@]}" --help 2>/dev/null </dev/null
}

# Prints the arguments that the word WHAT ($1) of an option stands for, of those
# that begin with $2.
_terok_arguments() {
  case "$1" in
    PATH | FILE) compgen -f -- "$2" ;;
    DIR) compgen -d -- "$2" ;;
    SIDECAR)
      compgen -d -- "$2"
      compgen -f -X '!*.json' -- "$2"
      ;;
    LEVEL) compgen -W 'debug info warning error' -- "$2" ;;
    MODE) compgen -W 'auto required off' -- "$2" ;;
    WHEN) compgen -W 'auto always never' -- "$2" ;;
    PROTO) compgen -W 'tcp udp icmp icmpv6' -- "$2" ;;
    TYPE)
      compgen -W 'container_started container_exited shield_up shield_down
        shield_disengaged' -- "$2"
      ;;
    VERDICT) compgen -W 'allow deny' -- "$2" ;;
    SERVICE) compgen -W 'verdict clearance gate' -- "$2" ;;
    HOOK) compgen -W 'pre-receive post-receive' -- "$2" ;;
  esac
}

# What the operand number $2 of subcommand $1 is, as above.
_terok_operand() {
  case "$1 $2" in
    'verdict 3') echo VERDICT ;;
    'supervise-child 1') echo SERVICE ;;
    'supervise-child 3') echo SIDECAR ;;
    'hook 1') echo HOOK ;;
  esac
}

_terok() {
  local current='' word='' subcommand='' help='' what='' glued='' i=0 operands=0
  local -a words=() offered=()
  local -A argument_of=()

  # readline takes words apart at `=` and `:`; here they are one.
  for ((i = 1; i <= COMP_CWORD; ++i)); do
    word="${COMP_WORDS[i]}"
    if ((${#words[@]} > 0)) && [[ -n "$glued" || "$word" == [:=]* ]]; then
      words[-1]+="$word"
    else
      words+=("$word")
    fi
    [[ "$word" == *[:=] ]] && glued=yes || glued=''
  done
  current="${words[-1]}"
  unset 'words[-1]'

  # Nothing but a word goes to the program.
  [[ ! "${words[0]-}" =~ ^[a-z][a-z-]*$ ]] || subcommand="${words[0]}"
  help="$(_terok_help "$1" "$subcommand")"
  while read -r word what; do
    argument_of["$word"]="$what"
  done < <(sed -nE 's/^  (--[a-z-]+)( ([A-Z_=:]+))?(  .*)?$/\1 \3/p' <<<"$help")

  # The last option may wait for its argument; all others have theirs.
  what=''
  for word in ${words[@]+"${words[@]}"}; do
    if [[ -n "$what" ]]; then
      what=''
    elif [[ "$word" == --*=* ]]; then
      :
    elif [[ "$word" == --* ]]; then
      what="${argument_of[$word]-}"
    else
      operands=$((operands + 1))
    fi
  done
  [[ -z "$subcommand" ]] || operands=$((operands - 1))

  if [[ -z "$what" && "$current" == --*=* ]]; then
    what="${argument_of[${current%%=*}]-}"
    current="${current#*=}"
  elif [[ -z "$what" && "$current" != -* ]]; then
    what="$(_terok_operand "$subcommand" "$((operands + 1))")"
  fi

  COMPREPLY=()
  if [[ -n "$what" ]]; then
    mapfile -t COMPREPLY < <(_terok_arguments "$what" "$current")
    [[ "$what" != @(PATH|FILE|DIR|SIDECAR) ]] || compopt -o filenames 2>/dev/null
    # What stands before the last colon is a word of readline's own already.
    if [[ "$current" == *:* && "$COMP_WORDBREAKS" == *:* ]]; then
      COMPREPLY=("${COMPREPLY[@]#"${current%"${current##*:}"}"}")
    fi
    return
  fi
  offered=("${!argument_of[@]}")
  # None but these stand alone in --help, before two spaces.
  if [[ -z "$subcommand" && "$operands" == 0 && ${#words[@]} == 0 ]]; then
    while read -r word; do
      offered+=("$word")
    done < <(sed -nE 's/^  ([a-z][a-z-]*)(  +[a-z]| NAME  ).*/\1/p' <<<"$help")
  fi
  [[ "$subcommand" != hook ]] || offered=()
  mapfile -t COMPREPLY < <(compgen -W "${offered[*]}" -- "$current")
}

complete -F _terok terok-clearance terok-clearance-hub terok-gate \
  terok-supervisor
