#!/usr/bin/env zsh
# Asks zsh what it offers behind each line of stdin, in a terminal of its own:
# only there the completion system runs. Prints `LINE -> WORD` for each word
# that is offered; nothing is typed further.
#
# Usage: completions.zsh DIRECTORY, which holds the completion.
set -eu
zmodload zsh/zpty zsh/system
directory=$1
work=$(mktemp -d)
trap 'zpty -d shell 2>/dev/null; rm -rf $work' EXIT
mkfifo $work/said

# What the shell there is set up with. Its words go through the FIFO: what it
# writes to its terminal is for eyes.
cat >$work/.zshrc <<END
PS1= PS2= fpath=(${(q)directory} \$fpath)
unsetopt beep
autoload -Uz compinit
compinit -u -D
exec 9>$work/said
compadd() {
  local -a words
  # Those that only look are the caller's affair.
  if (( ! \${argv[(I)-[OAD]]} )); then
    builtin compadd -A words "\$@"
    (( \$#words == 0 )) || print -rl -u 9 -- \$words
  fi
  builtin compadd "\$@"
}
probe() {
  _main_complete
  compstate[insert]= compstate[list]=
  print -u 9
}
zle -C probe complete-word probe
bindkey '^T' probe
zle-line-init() { print -u 9; unfunction zle-line-init; zle -D zle-line-init }
zle -N zle-line-init
END

# Opened for writing, too: nobody waits for the other to open.
exec 8<>$work/said
zpty shell "ZDOTDIR=$work TERM=vt100 zsh -d -i"

# Prints what was offered. Its terminal must be read, or it would stand still.
answer() {
  local word line
  while IFS= read -r -t 60 -u 8 word; do
    while zpty -r -t shell line; do :; done
    [[ -n $word ]] || return 0
    print -r -- $word
  done
  print -u 2 'zsh does not answer'
  exit 1
}

answer
while IFS= read -r line; do
  zpty -w -n shell $line$'\x14'
  answer | while IFS= read -r word; do
    print -r -- "$line -> $word"
  done
  zpty -w -n shell $'\x15'
done
