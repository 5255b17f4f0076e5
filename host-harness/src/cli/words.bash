
# Bash breaks a line at = and : too (COMP_WORDBREAKS), so that key=value comes as three words, and puts in what follows
# the last break. The program is given the words as they stand on the line, and of its answers the rest is used.
_harness_whole_words() {
    local rest="$COMP_LINE" blanks word last i
    local whole=() place=0 before=""
    for ((i = 0; i < ${#COMP_WORDS[@]}; i++)); do
        word="${COMP_WORDS[i]}"
        blanks="${rest%%[![:space:]]*}"
        rest="${rest:${#blanks}}"
        rest="${rest:${#word}}"
        # Of the word at the cursor, what is before the cursor; a break there is a word of its own.
        if ((i == COMP_CWORD)) && [[ -n $2 || $word == *[!=:@] ]]; then
            word="$2"
        fi
        last=$((${#whole[@]} - 1))
        if ((last >= 0)) && [[ -z $blanks && -n $word ]]; then
            whole[last]+="$word"
        else
            last=$((last + 1))
            whole[last]="$word"
        fi
        if ((i == COMP_CWORD)); then
            place=$last
            before="${whole[last]%"$2"}"
        fi
    done
    local COMP_WORDS=("${whole[@]}") COMP_CWORD=$place
    _clap_complete_harness "$1" "${whole[place]}" "$3"
    COMPREPLY=("${COMPREPLY[@]#"$before"}")
}
__harness_registered="$(complete -p harness)"
eval "${__harness_registered/_clap_complete_harness/_harness_whole_words}"
unset __harness_registered
