# shellcheck shell=bash
# bash completion for terok-clearance, terok-clearance-hub, terok-gate and
# terok-supervisor, installed under each of these names.
#
# Subcommands and options are read from the output of --help, so they are always
# right. This file only knows which values an argument may have: it looks at the
# word that --help uses for the argument, such as DIR.

# Prints the output of `$1 [$2] --help`.
_terok_help() {
  local -a words=("${1/#\~\//$HOME/}")
  [[ -z "$2" ]] || words+=("$2")
  LC_ALL=C "${words[@]}" --help 2>/dev/null </dev/null
}

# Prints the possible arguments that begin with $2. $1 is the word that --help
# uses for the argument.
_terok_arguments() {
  case "$1" in
    PATH | FILE) compgen -f -- "$2" ;;
    DIR) compgen -d -- "$2" ;;
    SIDECAR)
      compgen -d -- "$2"
      compgen -f -X '!*.json' -- "$2"
      ;;
    HOST) compgen -A hostname -- "$2" ;;
    LEVEL) compgen -W 'debug info warning error' -- "$2" ;;
    MODE) compgen -W 'auto required off' -- "$2" ;;
    WAY) compgen -W 'socket json' -- "$2" ;;
    WHEN) compgen -W 'auto always never' -- "$2" ;;
    PROTO) compgen -W 'tcp udp icmp icmpv6' -- "$2" ;;
    TYPE)
      compgen -W 'container_started container_exited shield_up shield_down
        shield_disengaged' -- "$2"
      ;;
    VERDICT) compgen -W 'allow deny' -- "$2" ;;
    SERVICE) compgen -W 'verdict clearance gate' -- "$2" ;;
    DECIDER) compgen -W 'operator policy application' -- "$2" ;;
    POLICY) compgen -W 'check explain propose test' -- "$2" ;;
    AUDIT) compgen -W 'list verify export' -- "$2" ;;
    BACKUPS) compgen -W 'list restore expire' -- "$2" ;;
    HOOK) compgen -W 'pre-receive post-receive' -- "$2" ;;
  esac
}

# Prints such a word for operand number $2 of subcommand $1.
_terok_operand() {
  case "$1 $2" in
    'verdict 3' | 'decide 3') echo VERDICT ;;
    'supervise-child 1') echo SERVICE ;;
    'supervise-child 3' | 'supervisor 2') echo SIDECAR ;;
    'hook 1') echo HOOK ;;
    'audit 1') echo AUDIT ;;
    'policy 1') echo POLICY ;;
    audit\ * | policy\ *) echo PATH ;;
    'backups 1') echo BACKUPS ;;
    'backups 2') echo DIR ;;
  esac
}

_terok() {
  local current='' word='' subcommand='' help='' what='' glued='' i=0 operands=0
  local -a words=() offered=()
  local -A argument_of=()

  # readline splits words at `=` and `:`; this joins them again.
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

  # The program is called only with a plain word as subcommand.
  [[ ! "${words[0]-}" =~ ^[a-z][a-z-]*$ ]] || subcommand="${words[0]}"
  help="$(_terok_help "$1" "$subcommand")"
  while read -r word what; do
    argument_of["$word"]="$what"
  done < <(sed -nE 's/^  (--[a-z-]+)( ([A-Z_=:]+))?(  .*)?$/\1 \3/p' <<<"$help")

  # Only the last option may be without its argument.
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
    # For readline the text before the last colon is a word of its own.
    if [[ "$current" == *:* && "$COMP_WORDBREAKS" == *:* ]]; then
      COMPREPLY=("${COMPREPLY[@]#"${current%"${current##*:}"}"}")
    fi
    return
  fi
  offered=("${!argument_of[@]}")
  # Subcommands are the only words in --help that stand before two spaces.
  if [[ -z "$subcommand" && "$operands" == 0 && ${#words[@]} == 0 ]]; then
    while read -r word; do
      offered+=("$word")
    done < <(sed -nE 's/^  ([a-z][a-z-]*)(  +[a-z]| NAME  ).*/\1/p' <<<"$help")
  fi
  [[ "$subcommand" != hook ]] || offered=(--check)
  mapfile -t COMPREPLY < <(compgen -W "${offered[*]}" -- "$current")
}

complete -F _terok terok-clearance terok-clearance-hub \
  terok-clearance-notify terok-clearance-tui terok-clearance-web terok-gate \
  terok-guard terok-supervisor
