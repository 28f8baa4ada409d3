#!/bin/sh
# Run one command on the project of this container: serve (with HOSTNAMES, PROXY, HOST and PORT from the
# environment), create, status, release, backup, restore ARCHIVE, or any command of annotate-app. The
# project is left out: `invite --role owner`, `token create nightly`.
set -eu

PROJECT=${PROJECT:-/project/project}
command=${1:-serve}
[ $# -eq 0 ] || shift

case $command in
serve)
    # The first server to start makes nothing: a project is made once, by `create`.
    if [ ! -f "$PROJECT/project.json" ]; then
        echo "no project in $PROJECT; create it first, see deploy/README.md" >&2
        exit 1
    fi
    set -- --host "${HOST:-0.0.0.0}" --port "${PORT:-8000}" "$@"
    for name in ${HOSTNAMES:-}; do
        set -- "$@" --hostname "$name"
    done
    [ -z "${PROXY:-}" ] || set -- "$@" --behind-proxy "$PROXY"
    exec annotate-app serve "$PROJECT" "$@" # exec: it gets the container's signals
    ;;
create | status | release | backup)
    exec o365seg "$command" "$PROJECT" "$@"
    ;;
restore)
    archive=$1 # then the project
    shift
    exec o365seg restore "$archive" "$PROJECT" "$@"
    ;;
invite)
    # The address in the link is the first host's; a `--url` that is given comes later and wins.
    [ -z "${HOSTNAMES:-}" ] || set -- --url "https://${HOSTNAMES%% *}" "$@"
    exec annotate-app invite "$PROJECT" "$@"
    ;;
gold | rater | settings | token | webhook)
    group=$command # of commands: the project stands after the second word
    command=$1
    shift
    exec annotate-app "$group" "$command" "$PROJECT" "$@"
    ;;
*)
    exec annotate-app "$command" "$PROJECT" "$@"
    ;;
esac
