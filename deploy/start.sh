#!/bin/sh
# Run one command on the project of this container: serve (with HOSTNAMES, PROXY, HOST and PORT from the
# environment), create, backup, status, or any command of annotate-app.
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
*)
    exec annotate-app "$command" "$PROJECT" "$@"
    ;;
esac
