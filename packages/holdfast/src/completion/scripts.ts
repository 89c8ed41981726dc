/**
 * A script for each shell. Each asks `holdfast complete -- <words>` and offers what that prints, a line for each: a word,
 * a tab, and what it means. Where nothing comes, the shell offers its files. What was typed is never evaluated.
 */
export const SCRIPTS = {
  bash: `# Completion of holdfast for bash. In ~/.bashrc: eval "$(holdfast complete bash)"
_holdfast() {
  local word
  COMPREPLY=()
  while IFS=$'\\t' read -r word _; do
    COMPREPLY+=("$word")
  done < <(holdfast complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null </dev/null)
}
complete -o default -F _holdfast holdfast
`,
  zsh: `#compdef holdfast
# Completion of holdfast for zsh. In ~/.zshrc, after compinit: eval "$(holdfast complete zsh)"
_holdfast() {
  local word about
  local -a found
  while IFS=$'\\t' read -r word about; do
    found+=("\${word//:/\\\\:}:$about")
  done < <(holdfast complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null </dev/null)
  if (( $#found )); then
    _describe holdfast found
  else
    _files
  fi
}
if [[ "$funcstack[1]" == _holdfast ]]; then
  _holdfast "$@"
else
  compdef _holdfast holdfast
fi
`,
  fish: `# Completion of holdfast for fish. In ~/.config/fish/config.fish: holdfast complete fish | source
function __holdfast_complete
  set -l words (commandline -opc)
  set -e words[1]
  set -l current (commandline -ct)
  set -l found (holdfast complete -- $words "$current" 2>/dev/null </dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path "$current"
  end
end
complete -c holdfast -f -a '(__holdfast_complete)'
`,
} as const

export type Shell = keyof typeof SCRIPTS
