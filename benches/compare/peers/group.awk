# Counts the records about an upstream by hour, peer and message, for mawk.
{
    at = index($0, "upstream: \"")
    if (!at) next
    peer = substr($0, at + 11, 160)
    if (match(peer, /^[a-z]+:\/\//)) peer = substr(peer, RLENGTH + 1)
    if (match(peer, /[\/"]/)) peer = substr(peer, 1, RSTART - 1)
    message = ""
    if (match($0, /\*[0-9]+ /)) {
        message = substr($0, RSTART + RLENGTH, 160)
        if (match(message, /[^a-zA-Z ]/)) message = substr(message, 1, RSTART - 1)
    }
    count[substr($0, 1, 13) "\t" peer "\t" message]++
}

END { for (key in count) print key "\t" count[key] }
