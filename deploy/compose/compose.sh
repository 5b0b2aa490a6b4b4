#!/bin/sh
# The compose set-up, up and down: sh deploy/compose/compose.sh up|down
#
#   ENTRAPROOF_COMPOSE_PROJECT   the project's name (entraproof)
#   ENTRAPROOF_COMPOSE_PORTS     the first three digits of its ports (184)
#   ENTRAPROOF_COMPOSE_GATEWAYS  real gateways to add, by name, or all (none)
#   ENTRAPROOF_COMPOSE_MODE      their mode (fixed-audience)
#
# What belongs to a running project is kept in .compose/PROJECT, which its owner
# alone can read: the management token, the ports, and target files for them.
set -eu
cd "$(dirname "$0")/../.."

setups='oidc-client-check oidc-check-skipped fix1 fix2'
project=${ENTRAPROOF_COMPOSE_PROJECT:-entraproof}
state=.compose/$project
wanted=${ENTRAPROOF_COMPOSE_GATEWAYS:-}
mode=${ENTRAPROOF_COMPOSE_MODE:-fixed-audience}
gateways=

say() { printf '%s\n' "$*" >&2; }

# fail PROBLEM [HINT]
fail() {
    say "compose: error: $1"
    [ -z "${2:-}" ] || say "hint: $2"
    exit 1
}

check_project() {
    case $project in
    '' | [!a-z0-9]* | *[!a-z0-9_-]*) fail "ENTRAPROOF_COMPOSE_PROJECT: expected lower-case letters, digits, - and _, got \"$project\"" ;;
    esac
}

check_ports() {
    case $1 in
    [1-5][0-9][0-9]) ;;
    *) fail "ENTRAPROOF_COMPOSE_PORTS: expected three digits from 100 to 599, got \"$1\"" "184 makes the ports 18411 to 18490" ;;
    esac
}

find_engine() {
    command -v docker >/dev/null || fail 'no docker program' 'apt-get install docker.io docker-compose; without containers: go run ./cmd/entraproof serve issuer echo gateway=fix1'
    arch=$(docker version --format '{{.Server.Arch}}' 2>&1) || fail "the docker engine does not answer: $(printf '%s\n' "$arch" | tail -n 1)" \
        'as root: service docker start, or dockerd; as somebody else: be in the group docker'
}

# find_compose sets compose to the words that begin a compose command.
find_compose() {
    if docker compose version >/dev/null 2>&1; then
        compose='docker compose'
        return
    fi
    install='apt-get install docker-compose, or docker-compose-plugin from the packages of Docker'
    command -v docker-compose >/dev/null || fail 'neither "docker compose" nor docker-compose is here' "$install"
    version=$(docker-compose version --short) || fail 'docker-compose does not tell its version' "$install"
    is_enough "${version#v}" || fail "docker-compose: expected 1.29 or later, got $version" "$install"
    compose=docker-compose
}

# is_enough VERSION: 1.29 or later.
is_enough() {
    major=${1%%.*}
    rest=${1#*.}
    minor=${rest%%[!0-9]*}
    case $major$minor in '' | *[!0-9]*) return 1 ;; esac
    [ "$major" -gt 1 ] || { [ "$major" -eq 1 ] && [ "${minor:-0}" -ge 29 ]; }
}

in_project() {
    $compose -f docker-compose.yml -p "$project" "$@"
}

containers() {
    docker ps -aq --filter "label=com.docker.compose.project=$project"
}

# keep_state gives the project its token and ports: those that it has, or a new
# token and the ports that were asked for.
keep_state() {
    asked=${ENTRAPROOF_COMPOSE_PORTS:-}
    check_ports "${asked:-184}"
    umask 077
    if [ ! -e "$state/token" ]; then
        mkdir -p "$state"
        printf '%s\n' "${asked:-184}" >"$state/ports"
        od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$state/token.new"
        mv "$state/token.new" "$state/token"
    fi
    ENTRAPROOF_COMPOSE_PORTS=$(cat "$state/ports")
    ENTRAPROOF_MANAGEMENT_TOKEN=$(cat "$state/token")
    export ENTRAPROOF_COMPOSE_PORTS ENTRAPROOF_MANAGEMENT_TOKEN
    [ "${asked:-$ENTRAPROOF_COMPOSE_PORTS}" = "$ENTRAPROOF_COMPOSE_PORTS" ] ||
        fail "project $project is up with ports $ENTRAPROOF_COMPOSE_PORTS.., not $asked.." 'make down first, or name another ENTRAPROOF_COMPOSE_PROJECT'
}

# load_image gives the engine the image for its architecture.
load_image() {
    [ -z "${ENTRAPROOF_COMPOSE_IMAGE:-}" ] || return 0
    tar=dist/entraproof-image-$arch.tar
    case $arch in amd64 | arm64) ;; *) fail "no image for the engine's architecture: expected amd64 or arm64, got $arch" ;; esac
    [ -e "$tar" ] || "${MAKE:-make}" image >&2
    docker load -i "$tar" >&2
}

# start brings the containers up; what cannot come up is removed again.
start() {
    trap 'interrupted' INT TERM HUP
    in_project up -d --remove-orphans >&2 || {
        clear_away
        fail 'the containers did not start; they are removed again' 'if a port is taken: ENTRAPROOF_COMPOSE_PORTS=194 make up'
    }
    wait_healthy
    [ -z "$wanted" ] || add_gateways || {
        clear_away
        fail 'the real gateways did not start; everything is removed again'
    }
    trap - INT TERM HUP
}

interrupted() {
    trap - INT TERM HUP
    say 'compose: interrupted; removing what was started'
    clear_away
    exit 130
}

# wait_healthy returns once every container answers. Compose v1 cannot wait.
wait_healthy() {
    tries=0
    while :; do
        # shellcheck disable=SC2046 # one id a word
        states=$(docker inspect --format "{{.Name}} {{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}healthy{{end}}" $(containers)) || states="no containers"
        waiting=$(printf '%s\n' "$states" | grep -v ' running healthy$') || return 0
        tries=$((tries + 1))
        case $waiting in *unhealthy* | *exited* | *dead*) tries=60 ;; esac
        [ "$tries" -lt 60 ] || {
            say "$waiting"
            in_project logs --tail=20 >&2
            clear_away
            fail 'not all containers became healthy; they are removed again'
        }
        sleep 1
    done
}

# program runs entraproof: as the image has it, or from source.
program() {
    if [ "$(uname -s)" = Linux ] && [ -x "dist/linux-$arch/entraproof" ]; then
        "dist/linux-$arch/entraproof" "$@"
    else
        go run ./cmd/entraproof "$@"
    fi
}

# add_gateways starts those of the wanted real gateways whose programs are
# installed here, one for each environment. They are made anew each time: some
# hold the issuer's keys.
add_gateways() {
    # shellcheck disable=SC2086 # words
    images=$(program lab image --allow-missing $wanted) || return 1
    gateways=$(printf '%s\n' "$images" | sed -n 's/^entraproof-lab-\(.*\):.*/\1/p')
    [ -n "$gateways" ] || {
        say 'compose: none of these gateways is installed here; "entraproof lab list" says how to install them'
        return 1
    }
    services=
    for gateway in $gateways; do services="$services $gateway-dev $gateway-test $gateway-uat"; done
    in_services rm -s -f -v && in_services up --no-start --no-deps || return 1
    for service in $services; do configure "$service" || return 1; done
    in_services up -d --no-deps && wait_answering
}

# in_services COMMAND…: compose with a command for the services of the real gateways.
in_services() {
    # shellcheck disable=SC2086 # words
    in_project --profile gateways "$@" $services >&2
}

# container SERVICE: its id.
container() {
    docker ps -aq --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$1"
}

# address SERVICE: where this machine reaches it.
address() {
    docker port "$(container "$1")" 8080/tcp
}

# configure NAME-ENVIRONMENT copies a configuration into a container that has
# not started yet. Its user is 10001.
configure() {
    at=http://127.0.0.1:${ENTRAPROOF_COMPOSE_PORTS}80
    [ "${1%-*}" != apache ] || at=https://127.0.0.1:${ENTRAPROOF_COMPOSE_PORTS}83
    program lab config "${1%-*}" "$mode" --dir "$state/gateways/$1/config" --environment "${1##*-}" \
        --upstream echo:8070 --issuer http://issuer:8080 --issuer-secure https://issuer:8443 --ask "$at" &&
        tar -C "$state/gateways/$1" --owner=10001 --group=10001 -cf - config | docker cp - "$(container "$1"):/lab" >&2
}

# wait_answering returns once every real gateway answers.
wait_answering() {
    for service in $services; do
        tries=0
        until program health "http://$(address "$service")/v1/ping" >/dev/null 2>&1; do
            tries=$((tries + 1))
            [ "$(docker inspect --format '{{.State.Status}}' "$(container "$service")")" = running ] || tries=60
            [ "$tries" -lt 60 ] || {
                say "compose: $service does not answer; it said:"
                docker logs --tail=20 "$(container "$service")" >&2
                return 1
            }
            sleep 1
        done
    done
}

# clear_away removes containers, networks, volumes and what was kept of them.
clear_away() {
    in_project --profile gateways down --volumes --remove-orphans >&2
    rm -rf "$state"
    rmdir .compose 2>/dev/null || :
}

# gateway_target NAME: the target file of fix1 with the addresses of a real gateway.
gateway_target() {
    keys=fetched
    case $1 in haproxy | nginx) keys=static ;; esac
    sed -e '1,/^version/{/^#/d;}' -e "s|^name: .*|name: $1|" -e "s|jwks: fetched|jwks: $keys|" \
        -e "s|//127\.0\.0\.1:18431|//$(address "$1-dev")|" -e "s|//127\.0\.0\.1:18432|//$(address "$1-test")|" \
        -e "s|//127\.0\.0\.1:18433|//$(address "$1-uat")|" -e "s|//127\.0\.0\.1:184|//127.0.0.1:$ENTRAPROOF_COMPOSE_PORTS|g" \
        deploy/compose/fix1.yaml >"$state/$1.yaml"
}

# targets names the folder of target files for the project's ports.
targets() {
    for gateway in $gateways; do gateway_target "$gateway"; done
    if [ "$ENTRAPROOF_COMPOSE_PORTS" = 184 ]; then
        folder=deploy/compose
        return
    fi
    folder=$state
    for setup in $setups; do
        sed "s|//127\.0\.0\.1:184|//127.0.0.1:$ENTRAPROOF_COMPOSE_PORTS|g" "deploy/compose/$setup.yaml" >"$folder/$setup.yaml"
    done
}

# announce prints where everything is, and what to type next.
announce() {
    targets
    printf '\n'
    at=http://127.0.0.1:$ENTRAPROOF_COMPOSE_PORTS
    printf '%-20s %s\n' issuer "${at}80" management "${at}90" echo "${at}70"
    for setup in $setups; do
        printf '%-20s %s\n' "$setup" "$(sed -n 's/.*gateways: .*url: "\([^"]*\)".*/\1/p' "$folder/$setup.yaml" | tr '\n' ' ' | sed 's/ $//')"
    done
    for gateway in $gateways; do
        printf '%-20s http://%s http://%s http://%s target %s/%s.yaml\n' "$gateway" \
            "$(address "$gateway-dev")" "$(address "$gateway-test")" "$(address "$gateway-uat")" "$state" "$gateway"
    done
    printf '\njudge one of them:\n\n'
    # shellcheck disable=SC2016 # for the reader's shell
    printf '  ENTRAPROOF_MANAGEMENT_TOKEN=$(cat %s/token) go run ./cmd/entraproof run --target %s/fix1.yaml\n\n' "$state" "$folder"
    printf 'the other targets are in %s; remove everything: %smake down\n' "$folder" "$(own_name)"
}

own_name() {
    [ "$project" = entraproof ] || printf 'ENTRAPROOF_COMPOSE_PROJECT=%s ' "$project"
}

up() {
    find_engine
    find_compose
    load_image
    keep_state
    start
    announce
}

# down needs no token, but compose asks for one before it reads the file.
down() {
    find_engine
    find_compose
    export ENTRAPROOF_MANAGEMENT_TOKEN=none
    clear_away
}

check_project
case ${1:-} in
up | down) "$1" ;;
*) fail "expected up or down, got \"${1:-}\"" ;;
esac
